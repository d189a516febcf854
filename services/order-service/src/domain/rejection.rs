//! Why an order says no.

use kernel::{Money, MoneyError, Uuid};

/// Why an order says no. Each is an answer somebody can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such order")]
    Unknown,
    #[error("the order is still being placed; ask again shortly")]
    Pending,
    #[error("the order is confirmed already")]
    Confirmed,
    #[error("the order is cancelled")]
    Cancelled,
    #[error("the order is being cancelled")]
    BeingCancelled,
    #[error("the goods are on their way; the order cannot be cancelled any more")]
    AlreadyShipped,
    #[error(
        "the money is set aside and was not taken; cancel the order, or give it back once the goods have left"
    )]
    NotCaptured,
    #[error("only {refundable} is left to give back")]
    ExceedsRefundable { refundable: Money },
    #[error("there is no refund {id}")]
    UnknownRefund { id: Uuid },
    #[error("{message}")]
    Field { field: String, message: String },
    #[error("the sums of the order contradict each other")]
    DoesNotAddUp,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Rejection {
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { field: field.into(), message: message.into() }
    }
}
