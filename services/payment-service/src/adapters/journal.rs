//! Payments in the journal, and their integration events.

use crate::domain::{Payment, PaymentEvent, PaymentState};
use ::journal::{Aggregate, EventName, RecordedEvent};
use contracts::payment as contract;

impl EventName for PaymentEvent {
    fn name(&self) -> &'static str {
        self.kind.name()
    }
}

impl Aggregate for Payment {
    type Event = PaymentEvent;

    fn apply(state: Option<&Self>, event: &PaymentEvent) -> Self {
        Self::evolve(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &PaymentEvent) -> Self {
        Self::evolve(state, event)
    }
}

/// Events that are not published: they do not change the state of a payment.
const PRIVATE_EVENTS: &[&str] =
    &["created", "asked", "refused", "cancellation_asked", "message_taken"];

/// Integration event of a stored event; `None` when it is not published.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    if PRIVATE_EVENTS.contains(&recorded.name.as_str()) {
        return None;
    }
    let payment_id = recorded.stream.strip_prefix("payment-")?.parse().ok()?;
    match serde_json::from_slice::<PaymentEvent>(&recorded.data) {
        Ok(PaymentEvent { order_id, state, .. }) => {
            let order_id = contracts::shared::OrderId(order_id.0);
            let event = contract::PaymentEvent::PaymentChanged {
                payment_id,
                order_id,
                state: contract_state(state),
            };
            messaging::EventData::of(&event).ok()
        }
        Err(error) => {
            tracing::error!(%error, position = recorded.position, "a stored event cannot be read");
            None
        }
    }
}

/// State in terms of the contract.
pub(crate) fn contract_state(state: PaymentState) -> contract::PaymentState {
    match state {
        PaymentState::Created => contract::PaymentState::Created,
        PaymentState::RequiresAction => contract::PaymentState::RequiresAction,
        PaymentState::Unknown => contract::PaymentState::Unknown,
        PaymentState::Authorised => contract::PaymentState::Authorised,
        PaymentState::PartiallyCaptured => contract::PaymentState::PartiallyCaptured,
        PaymentState::Captured => contract::PaymentState::Captured,
        PaymentState::Refunded => contract::PaymentState::Refunded,
        PaymentState::Voided => contract::PaymentState::Voided,
        PaymentState::Failed => contract::PaymentState::Failed,
    }
}
