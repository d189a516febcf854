//! Orders in the journal, and what of them the world is told.

use crate::domain::{
    events::{OrderEvent, Reference, Status},
    order::Order,
};
use contracts::{
    order::{OrderEvent as Told, OrderStatus},
    shared::OrderId,
};
use journal::{Aggregate, Named, Recorded};

impl Named for OrderEvent {
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

/// What an event of the journal tells others. What only the service itself needs to know tells them nothing.
pub(crate) fn translate(recorded: &Recorded) -> Option<messaging::Data> {
    let order_id: OrderId = recorded.stream.strip_prefix("order-")?.parse().ok()?;
    let event: OrderEvent = serde_json::from_slice(&recorded.data).ok()?;
    let of = match &event {
        OrderEvent::Placed(placed) => {
            Reference { number: placed.number, total: placed.totals.total, status: Status::Pending }
        }
        OrderEvent::PaymentWaiting { of, .. }
        | OrderEvent::Confirmed { of, .. }
        | OrderEvent::Cancelled { of, .. }
        | OrderEvent::Refunded { of, .. }
        | OrderEvent::Fulfilled { of, .. }
        | OrderEvent::Completed { of, .. } => *of,
        OrderEvent::CancelRequested { .. }
        | OrderEvent::RefundReserved { .. }
        | OrderEvent::RefundDropped { .. } => return None,
    };
    let told = Told::OrderChanged {
        order_id,
        number: of.number.to_string(),
        change: event.name().to_owned(),
        status: status(of.status),
        total: of.total,
    };
    messaging::Data::of(&told).ok()
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
