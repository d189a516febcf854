//! Journal that records the origin of every change: that of the request which the appending task serves, or one for all changes.

use async_trait::async_trait;
use journal::{
    Append, AppendError, Appended, DeleteError, Journal, Position, RecordedEvent, ServiceStorage,
    Snapshot, Version,
};
use kernel::Origin;
use std::{pin::Pin, sync::Arc};
use storage::{Commit, StorageError};
use transport::Context;

/// Storage of a service whose journal records the origin of every change: that of the running request, otherwise this one.
pub(crate) fn with_origins(storage: ServiceStorage, otherwise: Option<Origin>) -> ServiceStorage {
    let journal = OriginJournal { journal: storage.journal, otherwise };
    ServiceStorage { journal: Arc::new(journal), ..storage }
}

/// Decorator of a service's journal that adds an origin to each append.
#[derive(Debug)]
struct OriginJournal {
    journal: Arc<dyn Journal>,
    /// Origin of a change outside any request.
    otherwise: Option<Origin>,
}

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
        let origin = origin.or_else(|| self.otherwise.clone());
        self.journal.append(Append { origin, ..append })
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        self.journal.delete_stream(stream, expected).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.journal.read(stream, after, limit).await
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.journal.follow(after, limit).await
    }

    async fn wait_beyond(&self, after: Position) {
        self.journal.wait_beyond(after).await;
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        self.journal.last_position().await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        self.journal.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.journal.snapshot(name).await
    }
}
