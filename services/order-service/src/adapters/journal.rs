//! Orders in the journal, and their integration events.

use crate::domain::{
    events::{EventSummary, OrderEvent, OrderStatus, Totals},
    order::Order,
};
use contracts::{order as contract, shared::OrderId};
use journal::{Aggregate, EventName, RecordedEvent};
use serde::Deserialize;

impl EventName for OrderEvent {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Aggregate for Order {
    type Event = OrderEvent;

    fn apply(state: Option<&Self>, event: &OrderEvent) -> Self {
        Self::apply(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &OrderEvent) -> Self {
        Self::apply(state, event)
    }
}

/// Events that are not published: only the service itself needs them.
const PRIVATE_EVENTS: &[&str] = &[
    "cancel_requested",
    "refund_reserved",
    "refund_dropped",
    "fulfilment_requested",
    "fulfilment_dropped",
];

/// Header of a stored event: the fields that its integration event needs. The rest, such as the lines of an order, is
/// skipped.
#[derive(Deserialize)]
struct EventHeader {
    of: Option<EventSummary>,
    number: Option<u64>,
    totals: Option<Totals>,
}

impl EventHeader {
    fn event_summary(self) -> Option<EventSummary> {
        let placed = || {
            let (number, totals) = self.number.zip(self.totals)?;
            Some(EventSummary { number, total: totals.total, status: OrderStatus::Pending })
        };
        self.of.or_else(placed)
    }
}

/// Integration event of a stored event; `None` when it is not published.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    let order_id: OrderId = recorded.stream.strip_prefix("order-")?.parse().ok()?;
    if PRIVATE_EVENTS.contains(&recorded.name.as_str()) {
        return None;
    }
    let header = serde_json::from_slice(&recorded.data)
        .inspect_err(|error| tracing::error!(%error, position = recorded.position, "a stored event cannot be read"));
    let of = header.ok().and_then(EventHeader::event_summary)?;
    let event = contract::OrderEvent::OrderChanged {
        order_id,
        number: of.number.to_string(),
        change: recorded.name.clone(),
        status: status(of.status),
        total: of.total,
    };
    messaging::EventData::of(&event).ok()
}

/// Status in terms of the contract.
pub(crate) fn status(status: OrderStatus) -> contract::OrderStatus {
    match status {
        OrderStatus::Pending => contract::OrderStatus::Pending,
        OrderStatus::Confirmed => contract::OrderStatus::Confirmed,
        OrderStatus::Completed => contract::OrderStatus::Completed,
        OrderStatus::Cancelled => contract::OrderStatus::Cancelled,
    }
}
