//! Error of the payment use cases.

use crate::domain::Rejection;
use journal::ExecuteError;
use storage::StorageError;

/// Reason for which a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    /// The payment refuses the command.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("there is no payment method {0:?}")]
    UnknownMethod(String),
    /// The method `test` is not enabled in this shop.
    #[error("test payments are not accepted")]
    TestPaymentsOff,
    /// The processor's message about the token.
    #[error("{0}")]
    InvalidToken(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ExecuteError<Rejection>> for PaymentError {
    fn from(error: ExecuteError<Rejection>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::Rejected(rejection),
            ExecuteError::Storage(error) => Self::Storage(error),
        }
    }
}
