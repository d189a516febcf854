//! Rejections: the reasons for which an order refuses a command.

use identifiers::RefundId;
use kernel::{Money, MoneyError};

/// Reason for which an order refuses a command, fit to be shown to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such order")]
    Unknown,
    #[error("the order is still pending; try again shortly")]
    Pending,
    #[error("the order is already confirmed")]
    Confirmed,
    #[error("the order is cancelled")]
    Cancelled,
    #[error("the order is being cancelled")]
    BeingCancelled,
    #[error("the order is on its way and can no longer be cancelled")]
    AlreadyShipped,
    #[error(
        "the payment is authorised but not captured; cancel the order, or refund it once it has shipped"
    )]
    NotCaptured,
    #[error("a refund of the order is not finished; what is left to ship is not known yet")]
    RefundPending,
    #[error("everything was refunded, so nothing is left to ship")]
    NothingToShip,
    #[error("a processor moves the money of this order")]
    NotByTransfer,
    #[error("only {refundable} can still be refunded")]
    ExceedsRefundable { refundable: Money },
    #[error("there is no refund {id}")]
    UnknownRefund { id: RefundId },
    #[error("{message}")]
    Field { field: String, message: String },
    #[error("the order is not finished, and needs the contact details until it is")]
    OpenObligations,
    #[error("the customer of the order was erased")]
    CustomerErased,
    #[error("an account has at most {max} addresses; remove one first")]
    TooManyAddresses { max: usize },
    #[error("the amounts of the order are inconsistent")]
    DoesNotAddUp,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Rejection {
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { field: field.into(), message: message.into() }
    }
}
