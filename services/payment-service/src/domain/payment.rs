//! The state of a payment, folded from its events.

use super::{
    Event, Happening, Instruction, Intent, MESSAGES_REMEMBERED_MAX, Move, OrderId, RefundId, State,
};
use kernel::{Money, Timestamp};
use std::collections::VecDeque;

/// A payment as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) state: State,
    /// None when it was cancelled before it came into being.
    pub(crate) intent: Option<Intent>,
    /// What was set aside, as far as it was not set free again; captured or not.
    pub(crate) authorised: i64,
    pub(crate) captures: Vec<Capture>,
    pub(crate) refunds: Vec<Refund>,
    /// What the processor was told and has not answered.
    pub(crate) asked: Vec<Instruction>,
    /// Why it failed.
    pub(crate) failure: Option<String>,
    /// Cancelled while nobody knew its outcome.
    pub(super) cancelled: bool,
    /// The money was set aside once, be it too late.
    pub(super) was_authorised: bool,
    pub(super) messages: VecDeque<String>,
}

/// Money taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) reference: String,
    pub(crate) amount: Money,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) amount: Money,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

impl Payment {
    /// Folds one more event in.
    pub(crate) fn evolve(payment: Option<Self>, event: &Event) -> Self {
        let mut payment = payment.unwrap_or_else(|| Self::unborn(event.order_id));
        payment.state = event.state;
        payment.take_in(&event.what);
        payment
    }

    fn unborn(order_id: OrderId) -> Self {
        Self {
            order_id,
            state: State::Created,
            intent: None,
            authorised: 0,
            captures: Vec::new(),
            refunds: Vec::new(),
            asked: Vec::new(),
            failure: None,
            cancelled: false,
            was_authorised: false,
            messages: VecDeque::new(),
        }
    }

    fn take_in(&mut self, what: &Happening) {
        match what {
            Happening::Created(intent) => self.intent = Some(intent.clone()),
            Happening::Authorised | Happening::AuthorisedTooLate => {
                self.authorised = self.intent.as_ref().map_or(0, |intent| intent.amount.amount);
                self.was_authorised = true;
            }
            Happening::Declined { reason } => self.failure = Some(reason.clone()),
            Happening::CancellationAsked => self.cancelled = true,
            Happening::Asked(instruction) => self.asked.push(instruction.clone()),
            Happening::Refused { key, .. } => self.answered(key),
            Happening::Captured { reference, amount } => {
                self.answered(&Move::capture_key(reference));
                self.captures.push(Capture { reference: reference.clone(), amount: *amount });
            }
            Happening::Refunded { refund_id, amount, reason, at } => {
                self.answered(&Move::refund_key(*refund_id));
                let (id, amount, reason, at) = (*refund_id, *amount, reason.clone(), *at);
                self.refunds.push(Refund { id, amount, reason, at });
            }
            Happening::Voided { amount } => {
                self.answered(Move::VOID_KEY);
                self.authorised -= amount.amount;
            }
            Happening::MessageTaken { message_id } => {
                self.messages.push_back(message_id.clone());
                if self.messages.len() > MESSAGES_REMEMBERED_MAX {
                    self.messages.pop_front();
                }
            }
            Happening::ActionRequired | Happening::OutcomeUnknown | Happening::Barred => {}
        }
    }

    fn answered(&mut self, key: &str) {
        self.asked.retain(|instruction| instruction.key != key);
    }

    /// Taken so far.
    pub(crate) fn captured(&self) -> i64 {
        self.captures.iter().map(|capture| capture.amount.amount).sum()
    }

    /// Given back so far.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount.amount).sum()
    }

    /// What can still be taken: set aside, not taken, and not about to be.
    pub(super) fn capturable(&self) -> i64 {
        let about_to_be = self.asked_for(|what| matches!(what, Move::Capture { .. }));
        self.authorised - self.captured() - about_to_be
    }

    /// What can still be given back: taken, not given back, and not about to be.
    pub(crate) fn refundable(&self) -> i64 {
        let about_to_be = self.asked_for(|what| matches!(what, Move::Refund { .. }));
        self.captured() - self.refunded() - about_to_be
    }

    fn asked_for(&self, which: impl Fn(&Move) -> bool) -> i64 {
        let asked = self.asked.iter().filter(|instruction| which(&instruction.what));
        asked.map(|instruction| instruction.amount.amount).sum()
    }

    /// Whether somebody has to ask the processor again.
    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self.state, State::Created | State::Unknown) || !self.asked.is_empty()
    }

    /// Whether this message was taken in before.
    pub(super) fn knows_message(&self, message_id: &str) -> bool {
        self.messages.iter().any(|known| known == message_id)
    }

    /// The events of `happenings` that follow one another from here.
    pub(super) fn tell(&self, happenings: Vec<Happening>) -> Vec<Event> {
        let mut payment = self.clone();
        let mut events = Vec::with_capacity(happenings.len());
        for what in happenings {
            let event = Event { order_id: self.order_id, state: payment.state_after(&what), what };
            payment = Self::evolve(Some(payment), &event);
            events.push(event);
        }
        events
    }

    /// The payment after these events.
    pub(crate) fn after(payment: Option<&Self>, events: &[Event]) -> Option<Self> {
        events.iter().fold(payment.cloned(), |payment, event| Some(Self::evolve(payment, event)))
    }

    fn state_after(&self, what: &Happening) -> State {
        match what {
            Happening::Created(_) => State::Created,
            Happening::ActionRequired => State::RequiresAction,
            Happening::OutcomeUnknown => State::Unknown,
            Happening::Authorised => State::Authorised,
            Happening::Declined { .. } => State::Failed,
            Happening::AuthorisedTooLate | Happening::Barred => State::Voided,
            Happening::Captured { amount, .. } => {
                let all = self.captured() + amount.amount == self.authorised;
                if all { State::Captured } else { State::PartiallyCaptured }
            }
            Happening::Refunded { amount, .. } if self.state == State::Captured => {
                let all = self.refunded() + amount.amount == self.captured();
                if all { State::Refunded } else { State::Captured }
            }
            Happening::Voided { .. } => match self.captured() {
                0 => State::Voided,
                captured if captured == self.refunded() => State::Refunded,
                _ => State::Captured,
            },
            Happening::CancellationAsked
            | Happening::Asked(_)
            | Happening::Refused { .. }
            | Happening::Refunded { .. }
            | Happening::MessageTaken { .. } => self.state,
        }
    }
}
