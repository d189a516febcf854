//! Payments in the journal, and what of them the world is told.

use crate::domain::{Event, Payment, State};
use ::journal::{Aggregate, EventName, RecordedEvent};
use contracts::payment::{PaymentEvent, PaymentState};

impl EventName for Event {
    fn name(&self) -> &'static str {
        self.what.name()
    }
}

impl Aggregate for Payment {
    type Event = Event;

    fn apply(state: Option<&Self>, event: &Event) -> Self {
        Self::evolve(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &Event) -> Self {
        Self::evolve(state, event)
    }
}

/// What does not move a payment on.
const UNTOLD: &[&str] = &["created", "asked", "refused", "cancellation_asked", "message_taken"];

/// What a payment's event tells others.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    if UNTOLD.contains(&recorded.name.as_str()) {
        return None;
    }
    let payment_id = recorded.stream.strip_prefix("payment-")?.parse().ok()?;
    match serde_json::from_slice::<Event>(&recorded.data) {
        Ok(Event { order_id, state, .. }) => {
            let order_id = contracts::shared::OrderId(order_id.0);
            let told = PaymentEvent::PaymentChanged { payment_id, order_id, state: told(state) };
            messaging::EventData::of(&told).ok()
        }
        Err(error) => {
            tracing::error!(%error, position = recorded.position, "a stored event cannot be read");
            None
        }
    }
}

/// The contract's word for a state.
pub(crate) fn told(state: State) -> PaymentState {
    match state {
        State::Created => PaymentState::Created,
        State::RequiresAction => PaymentState::RequiresAction,
        State::Unknown => PaymentState::Unknown,
        State::Authorised => PaymentState::Authorised,
        State::PartiallyCaptured => PaymentState::PartiallyCaptured,
        State::Captured => PaymentState::Captured,
        State::Refunded => PaymentState::Refunded,
        State::Voided => PaymentState::Voided,
        State::Failed => PaymentState::Failed,
    }
}
