//! The engine: one log for all services, one more for bulk.

use crate::{
    documents::MemoryDocuments, journal::MemoryJournal, key_value::MemoryKeyValue, log::Log,
};
use ::journal::ServiceStorage;
use std::sync::Arc;
use storage::{CommitError, Watermark};

/// All storage of one process, in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryEngine {
    log: Arc<Log>,
    bulk: Arc<Log>,
}

impl MemoryEngine {
    /// An empty engine that flushes each write at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// The storage of one service. Asking again gives handles to the same storage.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, name)
    }

    /// Storage for what may lag: it has a log of its own and is never in the way of the others.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.bulk, name)
    }

    /// How far the services' log is flushed.
    pub fn tail(&self) -> &Arc<Watermark> {
        self.log.tail()
    }

    /// Flushes everything and takes no more writes.
    #[expect(clippy::unused_async, reason = "an engine with a disk waits here")]
    pub async fn close(&self) -> Result<(), CommitError> {
        self.log.close();
        self.bulk.close();
        Ok(())
    }

    /// From now on nothing is flushed before [`MemoryEngine::flush`].
    pub fn hold(&self) {
        self.log.hold();
    }

    /// Flushes what was held back, and goes on holding.
    pub fn flush(&self) {
        self.log.flush(usize::MAX);
    }

    /// The disk under the services' log.
    pub fn disk(&self) -> Disk {
        Disk(Arc::clone(&self.log))
    }

    /// The disk under the log for bulk.
    pub fn bulk_disk(&self) -> Disk {
        Disk(Arc::clone(&self.bulk))
    }

    /// Loses what is not flushed, as a power cut would. Every handle of this engine is dead from here on; the
    /// engine returned is the process after its restart.
    #[must_use = "the engine returned holds all that is left"]
    pub fn crash(&self) -> Self {
        Self { log: Arc::new(self.log.crash()), bulk: Arc::new(self.bulk.crash()) }
    }
}

/// What lies under one log, for whoever plays the disk: it says when something waits for its flush, and flushes as
/// much as it is told to.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Log>);

impl Disk {
    /// From now on nothing is flushed before it is asked for.
    pub fn hold(&self) {
        self.0.hold();
    }

    /// How many writes wait for their flush.
    pub fn unflushed(&self) -> usize {
        self.0.unflushed()
    }

    /// Returns when something waits for its flush. One task may wait at a time.
    pub async fn wanted(&self) {
        self.0.wanted().await;
    }

    /// Flushes up to so many of the writes that wait, oldest first.
    pub fn flush_oldest(&self, writes_max: usize) {
        self.0.flush(writes_max);
    }
}

fn storage_of(log: &Arc<Log>, name: &'static str) -> ServiceStorage {
    ServiceStorage {
        journal: Arc::new(MemoryJournal::new(Arc::clone(log), name)),
        documents: Arc::new(MemoryDocuments::new(Arc::clone(log), name)),
        key_value: Arc::new(MemoryKeyValue::new(Arc::clone(log), name)),
    }
}
