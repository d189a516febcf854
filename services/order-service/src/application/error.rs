//! Error of the order use cases, and the problem that a client receives for it.

use crate::{domain::rejection::Rejection, ports::PortError};
use contracts::codes;
use journal::ExecuteError;
use kernel::{MoneyError, Problem, codes as general};
use saga::{BeginError, RetryError, StepError};
use storage::StorageError;

/// Reason for which a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    /// The order refuses the command.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A step of a saga, or another service, refused.
    #[error("{0}")]
    Refused(Problem),
    #[error(transparent)]
    Begin(#[from] BeginError),
    #[error(transparent)]
    Retry(#[from] RetryError),
}

impl OrderError {
    /// Error of a use case that needs `what`, which does not respond.
    pub(crate) fn unavailable(what: &str) -> Self {
        Self::Refused(Problem::unavailable(what))
    }
}

impl From<PortError> for OrderError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Refused(problem) => Self::Refused(*problem),
            PortError::Unavailable { service, reason } => {
                Self::Refused(Problem::unavailable(service).detail(reason))
            }
        }
    }
}

impl From<ExecuteError<Rejection>> for OrderError {
    fn from(error: ExecuteError<Rejection>) -> Self {
        error.into_error()
    }
}

impl From<OrderError> for StepError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Storage(error) => Self::Unavailable(error.to_string()),
            other => Self::refused(other.into()),
        }
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Rejected(rejection) => rejected(&rejection),
            OrderError::Refused(problem) => problem,
            OrderError::Storage(error)
            | OrderError::Begin(BeginError::Storage(error))
            | OrderError::Retry(RetryError::Storage(error)) => error.into(),
            OrderError::Begin(BeginError::DifferentInput) => {
                let title = "this Idempotency-Key was used for a different request; use a new one";
                Self::of(general::IDEMPOTENCY_KEY_REUSED, title)
            }
            OrderError::Begin(BeginError::Overloaded) => {
                Self::of(general::OVERLOADED, error).retry_after(5)
            }
            OrderError::Retry(RetryError::Unknown) => Self::of(general::NOT_FOUND, error),
            OrderError::Retry(RetryError::NotFailed) => Self::of(codes::SAGA_NOT_STUCK, error),
        }
    }
}

fn rejected(why: &Rejection) -> Problem {
    let problem = |code| Problem::of(code, why);
    match why {
        Rejection::Unknown | Rejection::UnknownRefund { .. } => problem(general::NOT_FOUND),
        Rejection::Pending => problem(codes::ORDER_PENDING).retry_after(1),
        Rejection::Confirmed => problem(general::VERSION_CONFLICT),
        Rejection::Cancelled | Rejection::BeingCancelled => problem(codes::ORDER_CANCELLED),
        Rejection::AlreadyShipped => problem(codes::ALREADY_SHIPPED),
        Rejection::NotCaptured => problem(codes::NOT_CAPTURED),
        Rejection::NothingToShip => problem(codes::NOTHING_TO_SHIP),
        Rejection::RefundPending => problem(codes::REFUND_PENDING).retry_after(1),
        Rejection::OpenObligations => problem(codes::OPEN_OBLIGATIONS),
        Rejection::CustomerErased => problem(codes::CUSTOMER_ERASED),
        Rejection::TooManyAddresses { .. } => problem(codes::ADDRESS_LIMIT),
        Rejection::NotByTransfer => problem(codes::NOT_PAID_BY_TRANSFER),
        Rejection::ExceedsRefundable { refundable } => {
            problem(codes::EXCEEDS_REFUNDABLE).fact("refundable", refundable)
        }
        Rejection::Field { field, message } => Problem::field(field, message),
        Rejection::DoesNotAddUp => {
            tracing::error!("the amounts of a quote are inconsistent; no order was created");
            Problem::internal()
        }
        Rejection::Money(MoneyError::CurrencyMismatch { .. }) => problem(codes::CURRENCY_MISMATCH),
        Rejection::Money(_) => problem(general::INVALID_FIELD),
    }
}
