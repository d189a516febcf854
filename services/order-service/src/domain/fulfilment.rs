//! Goods that leave: at once where the money was taken already, otherwise as soon as it is.

use super::{
    events::{OrderEvent, Status},
    order::{Order, Shipment},
    rejection::Rejection,
};
use kernel::{Money, Timestamp};

impl Order {
    /// Whether the money has to be taken before the goods leave.
    pub(crate) fn is_captured_at_fulfilment(&self) -> bool {
        self.status == Status::Confirmed && self.authorised.is_positive()
    }

    /// How often the goods were about to leave and did not.
    pub(crate) fn fulfilments_dropped(&self) -> usize {
        self.history.iter().filter(|entry| entry.event == "fulfilment_dropped").count()
    }

    /// From here on nothing else happens to the order until the money is taken, or cannot be.
    pub(crate) fn begin_fulfil(&self, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        self.may_leave()?;
        let begins = self.shipment == Shipment::NotYet && self.is_captured_at_fulfilment();
        Ok(begins.then_some(OrderEvent::FulfilmentRequested { at }).into_iter().collect())
    }

    pub(crate) fn record_capture(
        &self,
        captured: Money,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        self.may_leave()?;
        let of = self.reference(self.status);
        let takes = self.authorised.is_positive();
        Ok(takes.then_some(OrderEvent::Captured { captured, of, at }).into_iter().collect())
    }

    pub(crate) fn drop_fulfilment(&self, reason: &str, at: Timestamp) -> Vec<OrderEvent> {
        match self.shipment {
            Shipment::Leaving => {
                vec![OrderEvent::FulfilmentDropped { reason: reason.to_owned(), at }]
            }
            Shipment::NotYet | Shipment::Left => vec![],
        }
    }

    pub(crate) fn fulfil(&self, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        self.may_leave()?;
        if self.status == Status::Completed {
            return Ok(vec![]);
        }
        if self.authorised.is_positive() {
            return Err(Rejection::NotCaptured);
        }
        let mut events = vec![];
        if self.shipment != Shipment::Left {
            events.push(OrderEvent::Fulfilled { of: self.reference(Status::Confirmed), at });
        }
        if self.is_settled() {
            events.push(OrderEvent::Completed { of: self.reference(Status::Completed), at });
        }
        Ok(events)
    }

    fn may_leave(&self) -> Result<(), Rejection> {
        match (self.status, &self.cancel) {
            (Status::Pending, _) => Err(Rejection::Pending),
            (Status::Confirmed, Some(_)) => Err(Rejection::BeingCancelled),
            (Status::Cancelled, _) => Err(Rejection::Cancelled),
            (Status::Confirmed, None) | (Status::Completed, _) => Ok(()),
        }
    }
}
