//! Reasons why somebody is not signed in.

use storage::StorageError;

/// Reason why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The answer does not belong to a sign-in that was begun in this browser within the last ten minutes: begin again.
    #[error("this sign-in was not begun in this browser, or too long ago")]
    UnknownState,
    /// The provider refused, or the person did; the word is that of the provider (`access_denied`, …).
    #[error("the sign-in was refused: {0}")]
    Refused(String),
    /// The answer is not one of this provider, or not for this sign-in. Somebody may be attacking.
    #[error("the answer to the sign-in is not valid: {0}")]
    Invalid(&'static str),
    /// The provider cannot be reached.
    #[error("the provider of accounts cannot be reached")]
    Unavailable,
    /// Sessions cannot be stored or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
