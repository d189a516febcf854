//! Use case: place an order, from a cart or from lines in the request.

use super::{
    checkout_input::{CheckoutInput, checkout_id},
    error::OrderError,
    orders::VersionedOrder,
    saga_dependencies::SagaDependencies,
};
use saga::{Runner, SagaState};

/// What a client reads that is unavailable.
const WHAT: &str = "the checkout";

/// Use case that places an order.
#[derive(Clone)]
pub(crate) struct PlaceOrder {
    pub(crate) dependencies: SagaDependencies,
    pub(crate) checkouts: Runner<CheckoutInput>,
}

impl PlaceOrder {
    /// Places the order, or finds it when the same request was made before. It may still await its payment.
    pub(crate) async fn execute(&self, input: CheckoutInput) -> Result<VersionedOrder, OrderError> {
        let order_id = input.order_id;
        let status = self.checkouts.begin(checkout_id(order_id).into(), input).await?;
        if matches!(status.state, SagaState::Undone | SagaState::Undoing)
            || status.refusal.is_some()
        {
            return Err(OrderError::no_effect(&status, WHAT));
        }
        // Not even created: a service it depends on did not respond. A retry with the same key finds it.
        let found = self.dependencies.orders.find(order_id).await?;
        found.ok_or_else(|| OrderError::no_effect(&status, WHAT))
    }
}
