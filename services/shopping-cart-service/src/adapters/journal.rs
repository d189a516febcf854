//! Carts in the journal, and what of them the world is told.

use crate::domain::{cart::Cart, events::CartEvent};
use contracts::{cart::CartEvent as Told, shared::CartId};
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

/// What a cart event tells others.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    let cart_id: CartId = recorded.stream.strip_prefix("cart-")?.parse().ok()?;
    let event: CartEvent = serde_json::from_slice(&recorded.data)
        .inspect_err(|error| tracing::error!(%error, position = recorded.position, "a stored event cannot be read"))
        .ok()?;
    let (sku, quantity) = match &event {
        CartEvent::LineAdded { sku, quantity, .. }
        | CartEvent::LineChanged { sku, quantity, .. } => (Some(sku.clone()), Some(*quantity)),
        CartEvent::LineRemoved { sku, .. } => (Some(sku.clone()), Some(0)),
        _ => (None, None),
    };
    let told = Told::CartChanged { cart_id, change: event.name().to_owned(), sku, quantity };
    messaging::EventData::of(&told).ok()
}
