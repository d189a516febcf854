//! Port to the mail by which somebody proves to have an e-mail address.

use async_trait::async_trait;
use kernel::Uuid;
use std::fmt;
use storage::StorageError;

/// Letters to customers.
#[async_trait]
pub(crate) trait Letters: Send + Sync {
    /// Sends the link by which an order is claimed.
    async fn send_claim(&self, letter: ClaimLetter) -> Result<(), StorageError>;
}

/// Letter with the link by which an order is claimed.
#[derive(Clone)]
pub(crate) struct ClaimLetter {
    pub(crate) id: Uuid,
    /// E-mail address of the order.
    pub(crate) to: String,
    /// Number of the order.
    pub(crate) number: u64,
    /// Secret of the link.
    pub(crate) token: String,
    /// Tag of the language.
    pub(crate) language: String,
}

impl fmt::Debug for ClaimLetter {
    /// Without the address and the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, number, .. } = self;
        out.debug_struct("ClaimLetter")
            .field("id", id)
            .field("number", number)
            .finish_non_exhaustive()
    }
}
