//! Use case: place an order, from a cart or from lines in the request.

use super::{
    checkout_input::{CheckoutInput, checkout_id},
    ending::require_effect,
    error::OrderError,
    failure_limit::{Attempt, FailureLimit},
    orders::VersionedOrder,
    payment_methods::PaymentMethods,
    saga_dependencies::SagaDependencies,
};
use kernel::Problem;
use saga::Runner;
use std::{net::IpAddr, sync::Arc};

/// What a client reads that is unavailable.
const WHAT: &str = "the checkout";

/// Use case that places an order.
#[derive(Clone)]
pub(crate) struct PlaceOrder {
    pub(crate) dependencies: SagaDependencies,
    pub(crate) checkouts: Runner<CheckoutInput>,
    pub(crate) methods: PaymentMethods,
    pub(crate) failures: Arc<FailureLimit>,
}

impl PlaceOrder {
    /// Places the order of a shopper at this address, unless too many attempts from there were refused: each leaves its
    /// trace in several services.
    pub(crate) async fn execute_for(
        &self,
        client: Option<IpAddr>,
        input: CheckoutInput,
    ) -> Result<VersionedOrder, OrderError> {
        let now = self.dependencies.orders.now();
        let attempt = Attempt { client, ..Attempt::default() };
        self.failures.count(attempt, now).map_err(OrderError::Refused)?;
        let placed = self.execute(input).await.map_err(Problem::from);
        if placed.as_ref().err().is_none_or(|problem| problem.status >= 500) {
            self.failures.succeeded(attempt);
        }
        placed.map_err(OrderError::Refused)
    }

    /// Places the order, or finds it when the same request was made before. It may still await its payment.
    pub(crate) async fn execute(
        &self,
        mut input: CheckoutInput,
    ) -> Result<VersionedOrder, OrderError> {
        self.methods.decide_terms(&mut input).await?;
        input.customer = Some(self.dependencies.orders.customers.current(&input.email));
        let order_id = input.order_id;
        let status = self.checkouts.begin(checkout_id(order_id).into(), input).await?;
        require_effect(&status, WHAT)?;
        // Not even created: a service it depends on did not respond. A retry with the same key finds it.
        let found = self.dependencies.orders.find(order_id).await?;
        found.ok_or_else(|| OrderError::unavailable(WHAT))
    }
}
