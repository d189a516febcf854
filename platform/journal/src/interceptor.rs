//! Journal interceptor, for tests: it counts, delays, crashes or answers otherwise where the journal itself just continues.

use crate::{
    Append, AppendError, Appended, DeleteError, Journal, Position, RecordedEvent, Snapshot, Version,
};
use async_trait::async_trait;
use std::{fmt::Debug, sync::Arc};
use storage::{Commit, StorageError};

/// Hooks before and after the operations of a journal. By default they do nothing.
#[async_trait]
pub trait JournalInterceptor: Debug + Send + Sync {
    /// Hook before an append or a snapshot reaches the journal.
    async fn before_write(&self) {}

    /// Hook after the journal has taken or refused an append, before the caller knows.
    async fn after_append(&self) {}

    /// Hook before a stream is read.
    async fn before_read(&self) {}

    /// Hook in place of an append, which may leave it out, or answer something else.
    async fn append(&self, journal: &dyn Journal, append: Append) -> Result<Appended, AppendError> {
        self.before_write().await;
        let appended = journal.append(append).await;
        self.after_append().await;
        appended
    }
}

/// Journal decorator that calls an interceptor.
#[derive(Debug)]
pub struct InterceptedJournal<I> {
    /// Journal that does the work.
    pub journal: Arc<dyn Journal>,
    /// Interceptor of its operations.
    pub interceptor: Arc<I>,
}

#[async_trait]
impl<I: JournalInterceptor + 'static> Journal for InterceptedJournal<I> {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.interceptor.append(&*self.journal, append).await
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        self.interceptor.before_write().await;
        self.journal.delete_stream(stream, expected).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.interceptor.before_read().await;
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
        self.interceptor.before_write().await;
        self.journal.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.journal.snapshot(name).await
    }
}
