//! The points of a process at which it may crash.

use async_trait::async_trait;
use journal::{Append, AppendError, Appended, Journal, Position, Recorded, Snapshot, Version};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::{Commit, StorageError};
use tokio::sync::watch;

/// Counts the points that a process passes, and stops it for ever at one of them.
#[derive(Debug)]
pub struct Points {
    passed: AtomicUsize,
    crash_at: Option<usize>,
    crashed: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

impl Points {
    /// A process that crashes at the point of this number, if it gets there.
    pub(crate) fn crashing_at(crash_at: Option<usize>) -> Arc<Self> {
        let (crashed, held) = (watch::Sender::new(false), watch::Sender::new(false));
        Arc::new(Self { passed: 0.into(), crash_at, crashed, held })
    }

    /// A process that does not crash.
    pub fn never() -> Arc<Self> {
        Self::crashing_at(None)
    }

    /// From now on nobody passes a point before [`Points::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets everybody pass.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Passes a point. Never returns when the process crashes here, or has crashed already.
    pub async fn pass(&self) {
        let number = self.passed.fetch_add(1, Ordering::Relaxed);
        if self.crash_at == Some(number) {
            self.crashed.send_replace(true);
        }
        if *self.crashed.borrow() {
            std::future::pending::<()>().await;
        }
        // The sender lives as long as `self`.
        let _ = self.held.subscribe().wait_for(|held| !*held).await;
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// Returns when the process has crashed.
    pub(crate) async fn crashed(&self) {
        let mut crashed = self.crashed.subscribe();
        // The sender lives as long as `self`.
        let _ = crashed.wait_for(|crashed| *crashed).await;
    }
}

/// A journal whose process may crash before and after each append.
#[derive(Debug)]
pub(crate) struct Crashing {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) points: Arc<Points>,
}

#[async_trait]
impl Journal for Crashing {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.points.pass().await;
        let appended = self.journal.append(append).await;
        self.points.pass().await;
        appended
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, StorageError> {
        self.journal.read(stream, after, limit).await
    }

    async fn follow(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StorageError> {
        self.journal.follow(after, limit).await
    }

    async fn wait_beyond(&self, after: Position) {
        self.journal.wait_beyond(after).await;
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        self.journal.last_position().await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        self.points.pass().await;
        self.journal.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.journal.snapshot(name).await
    }
}
