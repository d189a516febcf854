//! A journal with something interceptor it, for tests: it counts, holds up or crashes where the real one just goes on.

use crate::{Append, AppendError, Appended, Journal, Position, RecordedEvent, Snapshot, Version};
use async_trait::async_trait;
use std::{fmt::Debug, sync::Arc};
use storage::{Commit, StorageError};

/// What happens beside what the journal does. By default nothing.
#[async_trait]
pub trait JournalInterceptor: Debug + Send + Sync {
    /// Before an append or a snapshot reaches the journal.
    async fn before_write(&self) {}

    /// After the journal has taken an append or refused it, before the caller knows.
    async fn after_append(&self) {}

    /// Before a stream is read.
    async fn before_read(&self) {}
}

/// A journal with this interceptor it.
#[derive(Debug)]
pub struct InterceptedJournal<A> {
    /// The journal that does the work.
    pub journal: Arc<dyn Journal>,
    /// What happens beside it.
    pub interceptor: Arc<A>,
}

#[async_trait]
impl<A: JournalInterceptor + 'static> Journal for InterceptedJournal<A> {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.interceptor.before_write().await;
        let appended = self.journal.append(append).await;
        self.interceptor.after_append().await;
        appended
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
