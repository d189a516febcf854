//! Orders in the journal, and their integration events.

use crate::{
    application::orders::order_id_of,
    domain::{
        address_book::AddressBook,
        events::{EventSummary, OrderEvent, OrderStatus, address_book::AddressBookEvent},
        order::Order,
    },
    ports::customers::key_of,
};
use contracts::order as contract;
use journal::{Aggregate, DecodeError, EventName, Personal, RecordedEvent};
use std::sync::Arc;

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

    fn personal(event: &OrderEvent) -> Option<Personal<OrderEvent>> {
        let (customer, erased) = match event {
            OrderEvent::Placed(placed) => {
                (placed.customer, OrderEvent::Placed(Arc::new(placed.without_contact())))
            }
            OrderEvent::Claimed { at, customer, .. } => {
                let (at, customer) = (*at, *customer);
                (customer, OrderEvent::Claimed { account: None, at, customer })
            }
            _ => return None,
        };
        Some(Personal { key: key_of(customer?), erased })
    }
}

impl EventName for AddressBookEvent {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Aggregate for AddressBook {
    type Event = AddressBookEvent;

    fn apply(state: Option<&Self>, event: &AddressBookEvent) -> Self {
        Self::apply(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &AddressBookEvent) -> Self {
        Self::apply(state, event)
    }

    fn personal(event: &AddressBookEvent) -> Option<Personal<AddressBookEvent>> {
        let AddressBookEvent::AddressStored { id, customer, at, .. } = event else { return None };
        let (id, customer, at) = (*id, *customer, *at);
        let erased = AddressBookEvent::AddressStored { id, address: None, customer, at };
        Some(Personal { key: key_of(customer), erased })
    }
}

/// Event that is published as itself.
const CUSTOMER_ERASED: &str = "customer_erased";

/// Events that are not published: only the service itself needs them.
const PRIVATE_EVENTS: &[&str] = &[
    "cancel_requested",
    "refund_reserved",
    "refund_dropped",
    "fulfilment_requested",
    "fulfilment_dropped",
    "claimed",
];

/// Integration event of a stored event; `None` when it is not published.
pub(crate) fn translate(
    recorded: &RecordedEvent,
) -> Result<Option<contract::OrderEvent>, DecodeError> {
    if PRIVATE_EVENTS.contains(&recorded.name.as_str()) {
        return Ok(None);
    }
    let Some(order_id) = order_id_of(&recorded.stream) else { return Ok(None) };
    if recorded.name == CUSTOMER_ERASED {
        return Ok(Some(contract::OrderEvent::CustomerErased { order_id }));
    }
    let published = |of: EventSummary| contract::OrderEvent::OrderChanged {
        order_id,
        number: of.number.to_string(),
        change: recorded.name.clone(),
        status: status(of.status),
        total: of.total,
    };
    Ok(recorded.event_of::<Order>()?.summary().map(published))
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
