//! Domain events of a payment, as they are stored. They change only by new variants and optional fields.

use identifiers::{OrderId, RefundId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Event of a payment, with the facts that every consumer needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentEvent {
    pub(crate) order_id: OrderId,
    /// State of the payment after the event.
    pub(crate) state: PaymentState,
    #[serde(flatten)]
    pub(crate) kind: PaymentEventKind,
}

/// State of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentState {
    /// The authorisation has not been answered yet.
    Created,
    /// The customer has to act, as with 3-D Secure.
    RequiresAction,
    /// The processor did not report an outcome.
    Unknown,
    /// The processor has promised the amount.
    Authorised,
    /// A part was captured; the rest is still authorised.
    PartiallyCaptured,
    /// Everything authorised was captured.
    Captured,
    /// Everything captured was refunded.
    Refunded,
    /// The authorisation was released without a capture.
    Voided,
    /// The processor declined.
    Failed,
}

/// Kind of a payment event. The stored tag is what [`PaymentEventKind::name`] returns, also where the variant is called
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum PaymentEventKind {
    /// The payment was requested.
    Created(PaymentIntent),
    /// The customer has to act first.
    ActionRequired,
    /// The processor did not report an outcome.
    OutcomeUnknown,
    /// The processor has promised the amount.
    Authorised,
    /// The processor declined.
    Declined { reason: String },
    /// The payment was cancelled while its outcome was unknown: a late authorisation is voided.
    #[serde(rename = "cancellation_asked")]
    CancellationRequested,
    /// The payment was authorised after it had ended. The authorisation is voided automatically.
    AuthorisedTooLate,
    /// The payment was cancelled before it was created, and never will be.
    Barred,
    /// A transfer was sent to the processor, which has not answered.
    #[serde(rename = "asked")]
    TransferRequested(Transfer),
    /// The processor refused a transfer.
    #[serde(rename = "refused")]
    TransferRefused { key: String, reason: String },
    /// Money was captured.
    Captured { reference: String, amount: Money },
    /// Money was refunded.
    Refunded { refund_id: RefundId, amount: Money, reason: String, at: Timestamp },
    /// The authorised amount that was not captured is released.
    Voided { amount: Money },
    /// A message of the processor was processed.
    #[serde(rename = "message_taken")]
    MessageReceived { message_id: String },
}

/// Payment intent: the amount to pay and the means of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) amount: Money,
    /// Name of the processor.
    pub(crate) method: String,
    /// The processor's token for the customer's means of payment.
    pub(crate) token: String,
    #[serde(with = "kernel::rfc3339")]
    pub(crate) at: Timestamp,
}

/// Transfer of money that the processor is told to make, under an idempotency key that makes it safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// Unique within the payment.
    pub(crate) key: String,
    pub(crate) amount: Money,
    #[serde(flatten)]
    pub(crate) kind: TransferKind,
}

/// Direction of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "move", rename_all = "snake_case")]
pub(crate) enum TransferKind {
    /// From the authorised amount to the shop.
    Capture { reference: String },
    /// From the shop back to the customer.
    Refund { refund_id: RefundId, reason: String, at: Timestamp },
    /// Release of the authorised amount.
    Void,
}

impl PaymentEventKind {
    /// Name of the event in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::ActionRequired => "action_required",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Authorised => "authorised",
            Self::Declined { .. } => "declined",
            Self::CancellationRequested => "cancellation_asked",
            Self::AuthorisedTooLate => "authorised_too_late",
            Self::Barred => "barred",
            Self::TransferRequested(_) => "asked",
            Self::TransferRefused { .. } => "refused",
            Self::Captured { .. } => "captured",
            Self::Refunded { .. } => "refunded",
            Self::Voided { .. } => "voided",
            Self::MessageReceived { .. } => "message_taken",
        }
    }
}

impl PaymentState {
    /// Whether no money can move any more.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Voided | Self::Refunded | Self::Failed)
    }

    /// Name of the state in sentences and in the published state table.
    pub(crate) fn name(self) -> &'static str {
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
