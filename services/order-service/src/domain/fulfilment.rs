//! Fulfilment of an order: at once where the payment is captured, otherwise as soon as it is.

use super::{
    events::{OrderEvent, OrderStatus},
    order::Order,
    order_state::OrderState,
    refund::RefundState,
    rejection::Rejection,
};
use kernel::{Money, Timestamp};

impl Order {
    /// Whether a processor has to capture the payment before the order is shipped.
    pub(crate) fn is_captured_at_fulfilment(&self) -> bool {
        self.status() == OrderStatus::Confirmed && self.set_aside().is_positive()
    }

    /// Number of fulfilments that were requested and dropped.
    pub(crate) fn fulfilments_dropped(&self) -> usize {
        self.history.iter().filter(|entry| entry.event == "fulfilment_dropped").count()
    }

    /// Requests the fulfilment, which blocks every other change until the payment is captured or the capture fails.
    pub(crate) fn request_fulfilment(&self, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        self.check_can_ship()?;
        let is_due = self.state == OrderState::Confirmed && self.is_captured_at_fulfilment();
        Ok(is_due.then_some(OrderEvent::FulfilmentRequested { at }).into_iter().collect())
    }

    pub(crate) fn record_capture(
        &self,
        captured: Money,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        self.check_can_ship()?;
        let of = self.event_summary(self.status());
        let is_authorised = self.authorised.is_positive();
        let captured_event = OrderEvent::Captured { captured, of, at, reference: None };
        Ok(is_authorised.then_some(captured_event).into_iter().collect())
    }

    pub(crate) fn drop_fulfilment(&self, reason: &str, at: Timestamp) -> Vec<OrderEvent> {
        if self.state == OrderState::Fulfilling {
            vec![OrderEvent::FulfilmentDropped { reason: reason.to_owned(), at }]
        } else {
            vec![]
        }
    }

    pub(crate) fn fulfil(&self, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        self.check_can_ship()?;
        if self.state == OrderState::Completed {
            return Ok(vec![]);
        }
        if self.set_aside().is_positive() {
            return Err(Rejection::NotCaptured);
        }
        let mut events = vec![];
        if self.state != OrderState::Shipped {
            events
                .push(OrderEvent::Fulfilled { of: self.event_summary(OrderStatus::Confirmed), at });
        }
        if self.is_settled() {
            events
                .push(OrderEvent::Completed { of: self.event_summary(OrderStatus::Completed), at });
        }
        Ok(events)
    }

    fn check_can_ship(&self) -> Result<(), Rejection> {
        match &self.state {
            OrderState::Pending { .. } | OrderState::Aborting { .. } => Err(Rejection::Pending),
            OrderState::Cancelling { .. } => Err(Rejection::BeingCancelled),
            OrderState::Cancelled { .. } => Err(Rejection::Cancelled),
            OrderState::Confirmed => self.check_has_goods_to_ship(),
            // A requested fulfilment blocks refunds, so what was there to ship still is.
            OrderState::Fulfilling | OrderState::Shipped | OrderState::Completed => Ok(()),
        }
    }

    /// Rejects the shipment of what was given back: all units, or all the money that was paid.
    fn check_has_goods_to_ship(&self) -> Result<(), Rejection> {
        if self.refunds.iter().any(|record| record.state == RefundState::Reserved) {
            return Err(Rejection::RefundPending);
        }
        let is_paid_back = self.captured.is_positive() && self.refundable().is_zero();
        if is_paid_back || self.units_in_refunds() == self.units() {
            return Err(Rejection::NothingToShip);
        }
        Ok(())
    }
}
