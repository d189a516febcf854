//! Journal that records the origin of every change: that of the request which the appending task serves.

use async_trait::async_trait;
use journal::{
    Append, AppendError, Appended, Journal, Position, RecordedEvent, ServiceStorage, Snapshot,
    Version,
};
use std::{pin::Pin, sync::Arc};
use storage::{Commit, StorageError};
use transport::Context;

/// Storage of a service whose journal records the origin of every change.
pub(crate) fn with_origins(storage: ServiceStorage) -> ServiceStorage {
    ServiceStorage { journal: Arc::new(OriginJournal(storage.journal)), ..storage }
}

/// Decorator of a service's journal that adds the origin of the running request to each append.
#[derive(Debug)]
struct OriginJournal(Arc<dyn Journal>);

#[async_trait]
impl Journal for OriginJournal {
    // Not an `async fn`, whose future would be another one around that of the journal underneath.
    fn append<'journal, 'future>(
        &'journal self,
        append: Append,
    ) -> Pin<Box<dyn Future<Output = Result<Appended, AppendError>> + Send + 'future>>
    where
        'journal: 'future,
        Self: 'future,
    {
        let origin = append.origin.or_else(Context::current_origin);
        self.0.append(Append { origin, ..append })
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, AppendError> {
        self.0.delete_stream(stream, expected).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.0.read(stream, after, limit).await
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.0.follow(after, limit).await
    }

    async fn wait_beyond(&self, after: Position) {
        self.0.wait_beyond(after).await;
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        self.0.last_position().await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        self.0.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.0.snapshot(name).await
    }
}
