//! Use case: cancel an order. Aborts the checkout of a pending order; runs a cancellation saga for a confirmed one.

use super::{
    cancellation_saga::CancellationInput,
    checkout_input::{CheckoutInput, cancellation_id, checkout_id},
    ending::require_effect,
    error::OrderError,
    orders::{Orders, VersionedOrder},
};
use crate::domain::{events::OrderStatus, order::OrderCommand, rejection::Rejection};
use identifiers::OrderId;
use saga::Runner;
use std::sync::Arc;

/// Use case that cancels an order.
#[derive(Clone)]
pub(crate) struct CancelOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) checkouts: Runner<CheckoutInput>,
    pub(crate) cancellations: Runner<CancellationInput>,
}

impl CancelOrder {
    /// Cancels the order. When a service it depends on does not respond, the order is still being cancelled on return,
    /// and the saga goes on in the background.
    pub(crate) async fn execute(
        &self,
        id: OrderId,
        reason: Option<String>,
    ) -> Result<VersionedOrder, OrderError> {
        let found = self.find(id).await?;
        if found.order.status() == OrderStatus::Pending {
            let abort = OrderCommand::AbortCheckout { reason: reason.clone() };
            match self.orders.execute(id, &abort).await {
                Ok(_) => {
                    self.checkouts.wake_and_settle(checkout_id(id).into()).await;
                    return self.find(id).await;
                }
                // Confirmed concurrently: cancelled below.
                Err(OrderError::Rejected(Rejection::Confirmed)) => {}
                Err(error) => return Err(error),
            }
        }
        if found.order.status() == OrderStatus::Cancelled {
            return Ok(found);
        }
        let placed = &found.order.placed;
        let input = CancellationInput {
            order_id: id,
            hold_id: placed.hold_id,
            payment_id: (!placed.totals.total.is_zero()).then_some(placed.payment_id),
            reason,
        };
        let status = self.cancellations.begin(cancellation_id(id).into(), input).await?;
        require_effect(&status, "the cancellation")?;
        self.find(id).await
    }

    async fn find(&self, id: OrderId) -> Result<VersionedOrder, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }
}
