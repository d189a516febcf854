//! Receipts: money that arrived by bank transfer, as operators record it.

use super::{
    events::{OrderEvent, OrderStatus},
    order::Order,
    order_state::OrderState,
    rejection::Rejection,
};
use kernel::{Money, Timestamp};

impl Order {
    /// Rejects money that is recorded by hand for an order whose processor moves it.
    pub(crate) fn check_paid_by_transfer(&self) -> Result<(), Rejection> {
        if self.placed.terms.is_processor() { Err(Rejection::NotByTransfer) } else { Ok(()) }
    }

    /// Records that `captured` has arrived in all, last with this reference. The payment decides what is taken; an order in
    /// any state records it, so that both always agree.
    pub(crate) fn record_receipt(
        &self,
        captured: Money,
        reference: &str,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        self.check_paid_by_transfer()?;
        // Receipts may be recorded in another order than they arrived in.
        if captured.amount <= self.captured.amount {
            return Ok(vec![]);
        }
        let (of, reference) = (self.event_summary(self.status()), Some(reference.to_owned()));
        let mut events = vec![OrderEvent::Captured { captured, of, at, reference }];
        let is_settled = captured.amount >= self.placed.totals.total.amount - self.refunded();
        if self.state == OrderState::Shipped && is_settled {
            events
                .push(OrderEvent::Completed { of: self.event_summary(OrderStatus::Completed), at });
        }
        Ok(events)
    }

    /// Whether the order was placed with prepayment and has waited for it. Then it is an order, and has its cart, although
    /// it is not confirmed.
    pub(crate) fn has_awaited_prepayment(&self) -> bool {
        self.placed.terms.is_prepayment()
            && self.history.iter().any(|entry| entry.event == "payment_waiting")
    }

    /// Whether it is an attempt: a checkout that was cancelled before it became an order.
    pub(crate) fn is_attempt(&self) -> bool {
        self.status() == OrderStatus::Cancelled && !self.has_its_cart()
    }

    /// Whether the cart has become this order for good.
    pub(crate) fn has_its_cart(&self) -> bool {
        self.was_confirmed() || self.has_awaited_prepayment()
    }
}
