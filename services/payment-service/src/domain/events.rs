//! Domain events of a payment, as they are stored. They change only by new variants and optional fields.

use identifiers::{OrderId, RefundId};
use kernel::{Money, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Event of a payment, with the facts that every consumer needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct PaymentEvent {
    #[n(0)]
    pub(crate) order_id: OrderId,
    /// State of the payment after the event.
    #[n(1)]
    pub(crate) state: PaymentState,
    #[serde(flatten)]
    #[n(2)]
    pub(crate) kind: PaymentEventKind,
}

/// State of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum PaymentState {
    /// The authorisation has not been answered yet.
    #[n(0)]
    Created,
    /// The customer has to act, as with 3-D Secure.
    #[n(1)]
    RequiresAction,
    /// The processor did not report an outcome.
    #[n(2)]
    Unknown,
    /// The processor has promised the amount.
    #[n(3)]
    Authorised,
    /// A part was captured; the rest is still authorised.
    #[n(4)]
    PartiallyCaptured,
    /// Everything authorised was captured.
    #[n(5)]
    Captured,
    /// Everything captured was refunded.
    #[n(6)]
    Refunded,
    /// The authorisation was released without a capture.
    #[n(7)]
    Voided,
    /// The processor declined.
    #[n(8)]
    Failed,
}

/// Kind of a payment event. The stored tag is what [`PaymentEventKind::name`] returns, also where the variant is called
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum PaymentEventKind {
    /// The payment was requested.
    #[n(0)]
    Created(#[n(0)] PaymentIntent),
    /// The customer has to act first.
    #[n(1)]
    ActionRequired,
    /// The processor did not report an outcome.
    #[n(2)]
    OutcomeUnknown,
    /// The processor has promised the amount.
    #[n(3)]
    Authorised,
    /// The processor declined.
    #[n(4)]
    Declined {
        #[n(0)]
        reason: String,
    },
    /// The payment was cancelled while its outcome was unknown: a late authorisation is voided.
    #[serde(rename = "cancellation_asked")]
    #[n(5)]
    CancellationRequested,
    /// The payment was authorised after it had ended. The authorisation is voided automatically.
    #[n(6)]
    AuthorisedTooLate,
    /// The payment was cancelled before it was created, and never will be.
    #[n(7)]
    Barred,
    /// A transfer was sent to the processor, which has not answered.
    #[serde(rename = "asked")]
    #[n(8)]
    TransferRequested(#[n(0)] Transfer),
    /// The processor refused a transfer.
    #[serde(rename = "refused")]
    #[n(9)]
    TransferRefused {
        #[n(0)]
        key: String,
        #[n(1)]
        reason: String,
    },
    /// Money was captured.
    #[n(10)]
    Captured {
        #[n(0)]
        reference: String,
        #[n(1)]
        amount: Money,
    },
    /// Money was refunded.
    #[n(11)]
    Refunded {
        #[n(0)]
        refund_id: RefundId,
        #[n(1)]
        amount: Money,
        #[n(2)]
        reason: String,
        #[cbor(n(3), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The authorised amount that was not captured is released.
    #[n(12)]
    Voided {
        #[n(0)]
        amount: Money,
    },
    /// A message of the processor was processed.
    #[serde(rename = "message_taken")]
    #[n(13)]
    MessageReceived {
        #[n(0)]
        message_id: String,
    },
}

/// Payment intent: the amount to pay and the means of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct PaymentIntent {
    #[n(0)]
    pub(crate) amount: Money,
    /// Name of the processor.
    #[n(1)]
    pub(crate) method: String,
    /// The processor's token for the customer's means of payment.
    #[n(2)]
    pub(crate) token: String,
    #[serde(with = "kernel::rfc3339")]
    #[cbor(n(3), with = "kernel::cbor")]
    pub(crate) at: Timestamp,
}

/// Transfer of money that the processor is told to make, under an idempotency key that makes it safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Transfer {
    /// Unique within the payment.
    #[n(0)]
    pub(crate) key: String,
    #[n(1)]
    pub(crate) amount: Money,
    #[serde(flatten)]
    #[n(2)]
    pub(crate) kind: TransferKind,
}

/// Direction of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "move", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum TransferKind {
    /// From the authorised amount to the shop.
    #[n(0)]
    Capture {
        #[n(0)]
        reference: String,
    },
    /// From the shop back to the customer.
    #[n(1)]
    Refund {
        #[n(0)]
        refund_id: RefundId,
        #[n(1)]
        reason: String,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// Release of the authorised amount.
    #[n(2)]
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
