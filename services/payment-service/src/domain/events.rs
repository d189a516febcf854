//! What happens to a payment. Stored; changed only by adding variants and optional fields.

use super::{OrderId, RefundId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that happened to a payment, with what everybody who hears of it needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) order_id: OrderId,
    /// Where the payment stands with it.
    pub(crate) state: State,
    #[serde(flatten)]
    pub(crate) what: Happening,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// About to be authorised.
    Created,
    /// Waits for the customer.
    RequiresAction,
    /// The processor did not say.
    Unknown,
    /// The money is set aside.
    Authorised,
    /// A part was taken; the rest is still set aside.
    PartiallyCaptured,
    /// Taken, and nothing is set aside any more.
    Captured,
    /// All of what was taken was given back.
    Refunded,
    /// Set free without being taken.
    Voided,
    /// Refused.
    Failed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Happening {
    /// Somebody wants to pay.
    Created(Intent),
    /// The customer has to act first.
    ActionRequired,
    /// The processor did not say what became of it.
    OutcomeUnknown,
    /// The money is set aside.
    Authorised,
    /// The processor said no.
    Declined { reason: String },
    /// The payment was cancelled while nobody knew its outcome: what arrives is set free.
    CancellationAsked,
    /// The money was set aside although the payment had ended before. It is set free by itself.
    AuthorisedTooLate,
    /// The payment was cancelled before it came into being, and never will.
    Barred,
    /// The processor is told to move money, and has not answered.
    Asked(Instruction),
    /// The processor will not do what it was told.
    Refused { key: String, reason: String },
    /// Money was taken.
    Captured { reference: String, amount: Money },
    /// Money was given back.
    Refunded { refund_id: RefundId, amount: Money, reason: String, at: Timestamp },
    /// What was set aside and not taken is free again.
    Voided { amount: Money },
    /// A message of the processor was taken in.
    MessageTaken { message_id: String },
}

/// What somebody wants to pay, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) amount: Money,
    /// The processor.
    pub(crate) method: String,
    /// What the processor knows the means of payment by.
    pub(crate) token: String,
    pub(crate) at: Timestamp,
}

/// Something the processor is told to do, under a key that makes it safe to tell again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Instruction {
    /// Unique within the payment.
    pub(crate) key: String,
    pub(crate) amount: Money,
    #[serde(flatten)]
    pub(crate) what: Move,
}

/// Which way money moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "move", rename_all = "snake_case")]
pub(crate) enum Move {
    /// From what is set aside to the shop.
    Capture { reference: String },
    /// From the shop back to the customer.
    Refund { refund_id: RefundId, reason: String, at: Timestamp },
    /// What is set aside becomes free.
    Void,
}

impl Happening {
    /// What it is called in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::ActionRequired => "action_required",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Authorised => "authorised",
            Self::Declined { .. } => "declined",
            Self::CancellationAsked => "cancellation_asked",
            Self::AuthorisedTooLate => "authorised_too_late",
            Self::Barred => "barred",
            Self::Asked(_) => "asked",
            Self::Refused { .. } => "refused",
            Self::Captured { .. } => "captured",
            Self::Refunded { .. } => "refunded",
            Self::Voided { .. } => "voided",
            Self::MessageTaken { .. } => "message_taken",
        }
    }
}

impl State {
    /// As a word in a sentence, and in the published table of states.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Unknown => "unknown",
            Self::Authorised => "authorised",
            Self::PartiallyCaptured => "partially_captured",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Failed => "failed",
        }
    }
}
