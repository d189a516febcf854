//! Errors of use cases that are nobody's mistake, beside the rejections of the domain.

use crate::domain::Rejection;
use journal::ExecuteError;
use storage::StorageError;

/// Reason why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// More passwords are waiting to be hashed than is sensible.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// A signature failed, because the operating system has no randomness.
    #[error("signing failed")]
    Signing,
}

impl From<ExecuteError<Rejection>> for AuthError {
    fn from(error: ExecuteError<Rejection>) -> Self {
        error.into_error()
    }
}
