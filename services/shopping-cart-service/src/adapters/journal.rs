//! Journal adapter of the cart aggregate.

use crate::domain::{cart::Cart, events::CartEvent};
use journal::{Aggregate, EventName};

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
