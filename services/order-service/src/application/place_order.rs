//! Use case: place an order, from a cart or from lines in the request.

use super::{
    checkout_input::{CheckoutInput, checkout_id},
    ending::require_effect,
    error::OrderError,
    orders::VersionedOrder,
    payment_methods::PaymentMethods,
    saga_dependencies::SagaDependencies,
};
use crate::domain::{
    contact_details::{check_address, check_email, missing_parts},
    events::Address,
    rejection::Rejection,
};
use saga::Runner;

/// What a client reads that is unavailable.
const WHAT: &str = "the checkout";

/// Use case that places an order.
#[derive(Clone)]
pub(crate) struct PlaceOrder {
    pub(crate) dependencies: SagaDependencies,
    pub(crate) checkouts: Runner<CheckoutInput>,
    pub(crate) methods: PaymentMethods,
}

impl PlaceOrder {
    /// Places the order, or finds it when the same request was made before. It may still await its payment.
    pub(crate) async fn execute(
        &self,
        mut input: CheckoutInput,
    ) -> Result<VersionedOrder, OrderError> {
        check_email(&input.email)?;
        self.check_address("shipping_address", &input.shipping_address).await?;
        if let Some(billing) = &input.billing_address {
            self.check_address("billing_address", billing).await?;
        }
        self.methods.decide_terms(&mut input).await?;
        let order_id = input.order_id;
        let status = self.checkouts.begin(checkout_id(order_id).into(), input).await?;
        require_effect(&status, WHAT)?;
        // Not even created: a service it depends on did not respond. A retry with the same key finds it.
        let found = self.dependencies.orders.find(order_id).await?;
        found.ok_or_else(|| OrderError::unavailable(WHAT))
    }

    async fn check_address(&self, field: &str, address: &Address) -> Result<(), OrderError> {
        check_address(field, address)?;
        // Without the list, the quote reports a missing part; an unavailable list does not stop a sale.
        let Ok(required) = self.dependencies.carts.required_parts().await else { return Ok(()) };
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
