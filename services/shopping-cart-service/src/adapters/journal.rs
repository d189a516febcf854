//! Journal adapter of the cart aggregate, and its event feed.

use crate::domain::{cart::Cart, events::CartEvent};
use contracts::{cart::CartEvent as ContractEvent, shared::CartId};
use journal::{Aggregate, EventName, RecordedEvent};

impl EventName for CartEvent {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Aggregate for Cart {
    type Event = CartEvent;

    fn apply(state: Option<&Self>, event: &CartEvent) -> Self {
        Self::apply(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &CartEvent) -> Self {
        Self::apply(state, event)
    }
}

/// Contract event for a stored cart event.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    let cart_id: CartId = recorded.stream.strip_prefix("cart-")?.parse().ok()?;
    let event: CartEvent = serde_json::from_slice(&recorded.data)
        .inspect_err(|error| tracing::error!(%error, position = recorded.position, "a stored event cannot be decoded"))
        .ok()?;
    let (sku, quantity) = match &event {
        CartEvent::LineAdded { sku, quantity, .. }
        | CartEvent::LineChanged { sku, quantity, .. } => (Some(sku.clone()), Some(*quantity)),
        CartEvent::LineRemoved { sku, .. } => (Some(sku.clone()), Some(0)),
        _ => (None, None),
    };
    let event =
        ContractEvent::CartChanged { cart_id, change: event.name().to_owned(), sku, quantity };
    messaging::EventData::of(&event).ok()
}
