//! Orders in the journal, and what of them the world is told.

use crate::domain::{
    events::{OrderEvent, Reference, Status, Totals},
    order::Order,
};
use contracts::{
    order::{OrderEvent as Told, OrderStatus},
    shared::OrderId,
};
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

/// What only the service itself needs to know.
const UNTOLD: &[&str] = &[
    "cancel_requested",
    "refund_reserved",
    "refund_dropped",
    "fulfilment_requested",
    "fulfilment_dropped",
];

/// What others are told of a stored event is made of. The rest, such as all lines of an order, is passed over unread.
#[derive(Deserialize)]
struct Essence {
    of: Option<Reference>,
    number: Option<u64>,
    totals: Option<Totals>,
}

impl Essence {
    fn reference(self) -> Option<Reference> {
        let placed = || {
            let (number, totals) = self.number.zip(self.totals)?;
            Some(Reference { number, total: totals.total, status: Status::Pending })
        };
        self.of.or_else(placed)
    }
}

/// What an event of the journal tells others. What only the service itself needs to know tells them nothing.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    let order_id: OrderId = recorded.stream.strip_prefix("order-")?.parse().ok()?;
    if UNTOLD.contains(&recorded.name.as_str()) {
        return None;
    }
    let essence = serde_json::from_slice(&recorded.data)
        .inspect_err(|error| tracing::error!(%error, position = recorded.position, "a stored event cannot be read"));
    let of = essence.ok().and_then(Essence::reference)?;
    let told = Told::OrderChanged {
        order_id,
        number: of.number.to_string(),
        change: recorded.name.clone(),
        status: status(of.status),
        total: of.total,
    };
    messaging::EventData::of(&told).ok()
}

/// The contract's word for where an order stands.
pub(crate) fn status(status: Status) -> OrderStatus {
    match status {
        Status::Pending => OrderStatus::Pending,
        Status::Confirmed => OrderStatus::Confirmed,
        Status::Completed => OrderStatus::Completed,
        Status::Cancelled => OrderStatus::Cancelled,
    }
}
