//! Progress of a relay: how far the broker has the feed, and the last position of each partition.

use super::StorageError;
use journal::ServiceStorage;
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use storage::{Collection, Commit, Document, Write};

static RELAYS: Collection = Collection { name: "relays", indexes: &[] };

/// Progress of a relay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RelayProgress {
    /// Position in the feed.
    pub(super) position: u64,
    /// Identity of the event there.
    pub(super) event_id: Option<Uuid>,
    /// The position that the next message of each partition names as the one before it.
    last: Vec<u64>,
}

impl RelayProgress {
    /// The stored progress.
    pub(super) async fn load(
        storage: &ServiceStorage,
        partitions: u32,
    ) -> Result<Option<Self>, StorageError> {
        let Some(stored) = storage.documents.find(&RELAYS, &partitions.to_string()).await? else {
            return Ok(None);
        };
        let progress: Self = serde_json::from_slice(&stored.body)
            .map_err(|error| StorageError::Corrupt(format!("progress of a relay: {error}")))?;
        if progress.last.len() != partitions as usize {
            return Err(StorageError::Corrupt("progress of a relay: its partitions".to_owned()));
        }
        Ok(Some(progress))
    }

    /// Progress at the end of the feed, stored before anything is published: a relay that ends before its first message
    /// must not begin later than it did.
    pub(super) async fn begin(
        storage: &ServiceStorage,
        partitions: u32,
    ) -> Result<Self, StorageError> {
        let journal = &storage.journal;
        let position = journal.last_position().await?;
        let event = match position.checked_sub(1) {
            Some(before) => journal.follow(before, 1).await?.into_iter().next(),
            None => None,
        };
        let event_id = event.filter(|event| event.position == position).map(|event| event.id);
        let last = vec![position; partitions as usize];
        let progress = Self { position, event_id, last };
        let flushed = progress.store(storage, partitions).await?.wait().await;
        flushed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(progress)
    }

    /// Stores the progress. Nobody needs to wait for the flush: what is lost of it is published again.
    pub(super) async fn store(
        &self,
        storage: &ServiceStorage,
        partitions: u32,
    ) -> Result<Commit, StorageError> {
        let body =
            serde_json::to_vec(self).map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let document =
            Document { key: partitions.to_string(), body: body.into(), fields: Vec::new() };
        let write = Write::Put { collection: &RELAYS, document };
        storage.documents.write(vec![write]).await
    }

    /// Moves a partition on; returns the position that it had.
    pub(super) fn advance(&mut self, partition: u32, position: u64) -> u64 {
        std::mem::replace(&mut self.last[partition as usize], position)
    }

    /// Whether a partition has not been told how far the feed is.
    pub(super) fn is_behind(&self) -> bool {
        self.last.iter().any(|last| *last < self.position)
    }
}
