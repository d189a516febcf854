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
    /// The method `test` is not offered for new payments.
    #[error("test payments are not accepted")]
    TestPaymentsOff,
    /// The shop could take the method, and does not offer it for new payments.
    #[error("the payment method {0} is not offered")]
    NotOffered(&'static str),
    /// The shop has no processor for the method of an existing payment any more.
    #[error("the shop is no longer connected to the processor {0:?} of this payment")]
    MethodGone(String),
    /// The processor's message about the token.
    #[error("{0}")]
    InvalidToken(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ExecuteError<Rejection>> for PaymentError {
    fn from(error: ExecuteError<Rejection>) -> Self {
        error.into_error()
    }
}
