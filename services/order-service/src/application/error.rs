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
        match error {
            ExecuteError::Rejected(rejection) => Self::Rejected(rejection),
            ExecuteError::Storage(error) => Self::Storage(error),
        }
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
            OrderError::Rejected(rejection) => rejection_problem(&rejection),
            OrderError::Storage(error) | OrderError::Retry(RetryError::Storage(error)) => {
                error.into()
            }
            OrderError::Refused(problem) => problem,
            OrderError::Begin(error) => begin_problem(error),
            OrderError::Retry(error @ RetryError::Unknown) => {
                Self::new(404, general::NOT_FOUND, error.to_string())
            }
            OrderError::Retry(error @ RetryError::NotFailed) => {
                Self::new(409, codes::SAGA_NOT_STUCK, error.to_string())
            }
        }
    }
}

fn rejection_problem(rejection: &Rejection) -> Problem {
    let title = rejection.to_string();
    match rejection {
        Rejection::Unknown | Rejection::UnknownRefund { .. } => {
            Problem::new(404, general::NOT_FOUND, title)
        }
        Rejection::Pending => Problem::new(409, codes::ORDER_PENDING, title).retry_after(1),
        Rejection::Confirmed => Problem::new(409, general::VERSION_CONFLICT, title),
        Rejection::Cancelled | Rejection::BeingCancelled => {
            Problem::new(409, codes::ORDER_CANCELLED, title)
        }
        Rejection::AlreadyShipped => Problem::new(409, codes::ALREADY_SHIPPED, title),
        Rejection::NotCaptured => Problem::new(409, codes::NOT_CAPTURED, title),
        Rejection::NothingToShip => Problem::new(409, codes::NOTHING_TO_SHIP, title),
        Rejection::RefundPending => Problem::new(409, codes::REFUND_PENDING, title).retry_after(1),
        Rejection::NotByTransfer => Problem::new(409, codes::NOT_PAID_BY_TRANSFER, title),
        Rejection::ExceedsRefundable { refundable } => {
            Problem::new(409, codes::EXCEEDS_REFUNDABLE, title).fact("refundable", refundable)
        }
        Rejection::Field { field, message } => Problem::field(field, message),
        Rejection::DoesNotAddUp => {
            tracing::error!("the amounts of a quote are inconsistent; no order was created");
            Problem::internal()
        }
        Rejection::Money(MoneyError::CurrencyMismatch { .. }) => {
            Problem::new(422, codes::CURRENCY_MISMATCH, title)
        }
        Rejection::Money(_) => Problem::new(422, general::INVALID_FIELD, title),
    }
}

fn begin_problem(error: BeginError) -> Problem {
    match error {
        BeginError::DifferentInput => {
            let title = "this Idempotency-Key was used for a different request; use a new one";
            Problem::new(422, general::IDEMPOTENCY_KEY_REUSED, title)
        }
        BeginError::Overloaded => {
            Problem::new(503, general::OVERLOADED, error.to_string()).retry_after(5)
        }
        BeginError::Storage(error) => error.into(),
    }
}
