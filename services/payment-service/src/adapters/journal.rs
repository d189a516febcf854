//! Payments in the journal, and their integration events.

use crate::{
    application::STREAM_PREFIX,
    domain::{Payment, PaymentEvent, PaymentState},
};
use ::journal::{Aggregate, DecodeError, EventName, RecordedEvent};
use contracts::payment as contract;
use identifiers::PaymentId;

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
pub(crate) fn translate(
    recorded: &RecordedEvent,
) -> Result<Option<contract::PaymentEvent>, DecodeError> {
    if PRIVATE_EVENTS.contains(&recorded.name.as_str()) {
        return Ok(None);
    }
    let Some(payment_id) = payment_of(&recorded.stream) else { return Ok(None) };
    let stored = recorded.event_of::<Payment>()?;
    let (order_id, state) = (stored.order_id, contract_state(stored.state));
    Ok(Some(contract::PaymentEvent::PaymentChanged { payment_id, order_id, state }))
}

/// Payment of a stream.
pub(crate) fn payment_of(stream: &str) -> Option<PaymentId> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
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
