//! Use case: fulfil an order. Captures the payment first where it is only authorised.

use super::{
    checkout_input::fulfilment_id,
    ending::require_effect,
    error::OrderError,
    fulfilment_saga::FulfilmentInput,
    orders::{Orders, VersionedOrder},
};
use crate::domain::{order::OrderCommand, rejection::Rejection};
use identifiers::OrderId;
use saga::Runner;
use std::sync::Arc;

/// Use case that fulfils an order.
#[derive(Clone)]
pub(crate) struct FulfilOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) fulfilments: Runner<FulfilmentInput>,
}

impl FulfilOrder {
    /// Marks the whole order as shipped. When the bank does not respond, the fulfilment is still pending on return, and
    /// completes as soon as the payment is captured.
    pub(crate) async fn execute(&self, id: OrderId) -> Result<VersionedOrder, OrderError> {
        let found = self.find(id).await?;
        if !found.order.is_captured_at_fulfilment() {
            return self.orders.execute(id, &OrderCommand::Fulfil).await;
        }
        let input = FulfilmentInput { order_id: id, payment_id: found.order.placed.payment_id };
        let saga = fulfilment_id(id, found.order.fulfilments_dropped());
        let status = self.fulfilments.begin(saga.into(), input).await?;
        require_effect(&status, "the fulfilment")?;
        self.find(id).await
    }

    async fn find(&self, id: OrderId) -> Result<VersionedOrder, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }
}
