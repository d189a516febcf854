//! Subscription of a service to a feed, for offline maintenance: position and parked messages of a consumer.

use super::position::{consumer_key, forget, reached};
use crate::parking;
use journal::ServiceStorage;
use storage::StorageError;

/// Subscription to a feed by one consumer group, read from storage.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The service that publishes the feed.
    pub source: &'static str,
    key: String,
    storage: ServiceStorage,
}

impl Subscription {
    /// The subscription of the consumer with this group and storage: the same as the running consumer has, or this one finds
    /// nothing consumed.
    pub fn new(group: &str, source: &'static str, storage: ServiceStorage) -> Self {
        Self { source, key: consumer_key(group, source), storage }
    }

    /// The position up to which everything is handled and committed; 0 if nothing was consumed yet.
    pub async fn position(&self) -> Result<u64, StorageError> {
        reached(&self.key, &self.storage).await
    }

    /// The number of parked messages.
    pub async fn parked(&self) -> Result<usize, StorageError> {
        parking::waiting(&self.key, &self.storage).await
    }

    /// Forgets the position and the parked messages, so that the consumer reads the feed from its beginning. It must not be running.
    ///
    /// # Errors
    ///
    /// [`StorageError`] of reading or writing; then it is called again, as a part may be done.
    pub async fn restart(&self) -> Result<(), StorageError> {
        let mut writes = forget(&self.key, &self.storage).await?;
        // A subject with parked messages would only add to them.
        writes.extend(parking::forget(&self.key, &self.storage).await?);
        let commit = self.storage.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}
