//! Why the business says no.

use super::State;
use kernel::Money;

/// A refusal that a caller can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such payment")]
    UnknownPayment,
    #[error("the payment is not authorised")]
    NotAuthorised,
    #[error("the processor has not said yet what became of the payment")]
    OutcomeUnknown,
    #[error("nothing was captured that could be given back")]
    NotCaptured,
    #[error("only {left} are authorised and not captured")]
    ExceedsAuthorised { left: Money },
    #[error("only {refundable} are left to give back")]
    ExceedsRefundable { refundable: Money },
    #[error("the payment is {} already", .0.word())]
    Already(State),
    #[error("the amount must be more than nothing")]
    NothingToMove,
    #[error("the payment is in {0}", .of.code())]
    OtherCurrency { of: kernel::Currency },
    #[error("this id came before, with other content")]
    OtherContent,
    #[error("more than {} captures or refunds of one payment", super::MOVES_MAX)]
    TooManyMoves,
    #[error("the processor will not do it: {reason}")]
    ProcessorRefused { reason: String },
}
