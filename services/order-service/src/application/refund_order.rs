//! Use case: refund an order.

use super::{
    ending::require_effect,
    error::OrderError,
    orders::{Orders, VersionedOrder},
    refund_saga::RefundInput,
};
use crate::domain::{refund::RefundRequest, rejection::Rejection};
use identifiers::OrderId;
use saga::Runner;
use std::sync::Arc;

/// What a client reads that is unavailable.
const WHAT: &str = "the refund";

/// Use case that refunds an order.
#[derive(Clone)]
pub(crate) struct RefundOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) refunds: Runner<RefundInput>,
}

impl RefundOrder {
    /// Refunds the order. The refund may still be pending on return, when the payment service does not respond. An error
    /// before the order has reserved the refund leaves it open; a retry with the same id finds its outcome.
    pub(crate) async fn execute(
        &self,
        order_id: OrderId,
        request: RefundRequest,
    ) -> Result<VersionedOrder, OrderError> {
        let RefundRequest { id: refund_id, scope: what, restock, reason, reference } = request;
        let found = self.orders.find(order_id).await?.ok_or(Rejection::Unknown)?;
        let placed = &found.order.placed;
        let (hold_id, payment_id) = (placed.hold_id, placed.payment_id);
        let input = RefundInput {
            order_id,
            refund_id,
            hold_id,
            payment_id,
            what,
            restock,
            reason,
            reference,
        };
        let status = self.refunds.begin(refund_id.into(), input).await?;
        require_effect(&status, WHAT)?;
        let found = self.orders.find(order_id).await?.ok_or(Rejection::Unknown)?;
        match found.order.refund(refund_id) {
            Some(_) => Ok(found),
            None => Err(OrderError::unavailable(WHAT)),
        }
    }
}
