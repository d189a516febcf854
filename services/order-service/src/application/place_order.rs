//! Places an order: from a cart, or whole in one request.

use super::{
    checkout_case::{CheckoutCase, checkout_id},
    checkout_saga::Others,
    orders::Found,
    refusal::OrderError,
};
use crate::domain::{
    contact::{check_address, check_email, missing_parts},
    events::Address,
    rejection::Rejection,
};
use kernel::Problem;
use saga::{Runner, SagaState};

/// Places orders.
#[derive(Clone)]
pub(crate) struct PlaceOrder {
    pub(crate) others: Others,
    pub(crate) checkouts: Runner<CheckoutCase>,
}

impl PlaceOrder {
    /// Places the order, or finds it when the same request was made before. It may still wait for its payment.
    pub(crate) async fn run(&self, case: CheckoutCase) -> Result<Found, OrderError> {
        check_email(&case.email)?;
        self.check_address("shipping_address", &case.shipping_address).await?;
        if let Some(billing) = &case.billing_address {
            self.check_address("billing_address", billing).await?;
        }
        let order_id = case.order_id;
        let standing = self.checkouts.begin(checkout_id(order_id), case).await?;
        if matches!(standing.state, SagaState::Undone | SagaState::Undoing)
            || standing.refusal.is_some()
        {
            let problem = standing.refusal.map(|refusal| Problem::clone(&refusal));
            return Err(OrderError::Refused(problem.unwrap_or_else(unplaced)));
        }
        // Not even placed: somebody it depends on did not answer. Asking again with the same key finds it.
        let found = self.others.orders.find(order_id).await?;
        found.ok_or_else(|| OrderError::Refused(unplaced()))
    }

    async fn check_address(&self, field: &str, address: &Address) -> Result<(), OrderError> {
        check_address(field, address)?;
        // Without an answer whoever prices the order says what is wrong; that does not stop a sale.
        let Ok(required) = self.others.carts.required_parts().await else { return Ok(()) };
        let Some(required) = required.get(&address.country) else {
            let message = format!("{:?} is not a country we deliver to", address.country);
            return Err(Rejection::field(format!("{field}.country"), message).into());
        };
        match missing_parts(address, required).first() {
            None => Ok(()),
            Some(part) => {
                let message = format!("is needed for an address in {}", address.country);
                Err(Rejection::field(format!("{field}.{part}"), message).into())
            }
        }
    }
}

fn unplaced() -> Problem {
    Problem::unavailable("the checkout")
}
