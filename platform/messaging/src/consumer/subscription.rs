//! How far a consumer has come, read from its storage while nobody serves it.

use super::{INBOX, position_of};
use crate::parking::waiting;
use journal::ServiceStorage;
use storage::StorageError;

/// A feed that a service follows.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The service whose feed it is.
    pub source: &'static str,
    key: String,
    storage: ServiceStorage,
}

impl Subscription {
    /// Of the consumer of this group, which keeps what it needs in `storage`.
    pub fn new(group: &str, source: &'static str, storage: ServiceStorage) -> Self {
        Self { source, key: super::key(group, source), storage }
    }

    /// The position it has reached; 0 when it has not begun.
    pub async fn position(&self) -> Result<u64, StorageError> {
        let stored = self.storage.documents.find(&INBOX, &self.key).await?;
        stored.map_or(Ok(0), |stored| position_of(&stored))
    }

    /// How many messages wait for somebody to look at them.
    pub async fn parked(&self) -> Result<usize, StorageError> {
        waiting(&self.key, &self.storage).await
    }
}
