//! Rejections: the reasons for which a payment refuses a command.

use super::PaymentState;
use kernel::Money;

/// Reason for which a payment refuses a command, fit to be shown to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such payment")]
    UnknownPayment,
    #[error("the payment is not authorised")]
    NotAuthorised,
    #[error("the processor has not reported the outcome of the payment yet")]
    OutcomeUnknown,
    #[error("nothing was captured that could be refunded")]
    NotCaptured,
    #[error("only {left} can still be captured")]
    ExceedsAuthorised { left: Money },
    #[error("only {refundable} can still be refunded")]
    ExceedsRefundable { refundable: Money },
    #[error("the payment is already {}", .0.name())]
    Already(PaymentState),
    #[error("the amount must be greater than 0")]
    AmountNotPositive,
    #[error("the payment is in {0}", .of.code())]
    CurrencyMismatch { of: kernel::Currency },
    #[error("this id was used before, with a different request")]
    IdReused,
    #[error("a payment has at most {} captures or refunds", super::TRANSFERS_MAX)]
    TooManyTransfers,
    #[error("the processor refused: {reason}")]
    ProcessorRefused { reason: String },
}
