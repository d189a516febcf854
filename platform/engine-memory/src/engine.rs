//! Storage engine in memory: one log for all services, a second one for bulk data, and one for read models apart from the journal.

use crate::{
    blobs::MemoryBlobs, documents::MemoryDocuments, journal::MemoryJournal,
    key_value::MemoryKeyValue, log::MemoryLog,
};
use ::journal::ServiceStorage;
use std::sync::Arc;
use storage::{CommitError, Documents, KeyValue, LosableValues, Watermark};
use subject_keys::SubjectKeys;

/// Storage engine in memory: the storage of one process in a test.
///
/// A new engine flushes each write at once. After [`MemoryEngine::hold`] flushes happen on request only, which makes the
/// time between a write and its flush as long as a test wants; [`MemoryEngine::crash`] then loses exactly what is not
/// flushed. Clones share the same storage.
///
/// ```
/// use engine_memory::MemoryEngine;
/// use kernel::Timestamp;
/// use storage::StorageError;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let now = Timestamp::UNIX_EPOCH;
/// let engine = MemoryEngine::new();
/// let values = engine.service("example").key_value;
/// let flushed = values.put("colour", "red".into(), None).await?;
/// assert!(flushed.is_durable());
///
/// engine.hold();
/// let lost = values.put("colour", "blue".into(), None).await?;
/// assert!(!lost.is_durable());
/// assert_eq!(values.value("colour", now).await?.as_deref(), Some(&b"blue"[..]), "read-your-writes");
///
/// let restarted = engine.crash();
/// assert!(lost.wait().await.is_err());
/// let values = restarted.service("example").key_value;
/// assert_eq!(values.value("colour", now).await?.as_deref(), Some(&b"red"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MemoryEngine {
    log: Arc<MemoryLog>,
    bulk: Arc<MemoryLog>,
    apart: Arc<MemoryLog>,
    subject_keys: Arc<SubjectKeys>,
}

impl Default for MemoryEngine {
    fn default() -> Self {
        let subject_keys = Arc::new(SubjectKeys::for_tests());
        Self { log: Arc::default(), bulk: Arc::default(), apart: Arc::default(), subject_keys }
    }
}

impl MemoryEngine {
    /// Creates an empty engine that flushes each write at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Storage handles of one service. The same name gives handles to the same storage.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, &self.subject_keys, name)
    }

    /// Storage handles for bulk data that may lag: its log is separate, so that it never delays the services.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.bulk, &self.subject_keys, name)
    }

    /// Document store of a service apart from its journal, as a database of projected read models is: it flushes each write at once, and
    /// has conditional writes.
    pub fn projections(&self, name: &'static str) -> Arc<dyn Documents> {
        Arc::new(MemoryDocuments::apart(Arc::clone(&self.apart), name))
    }

    /// High-watermark of the services' log.
    pub fn watermark(&self) -> &Arc<Watermark> {
        self.log.watermark()
    }

    /// Flushes everything and closes all logs; later writes are refused with `Unavailable`.
    ///
    /// # Errors
    ///
    /// None: the signature is that of an engine with a disk.
    #[expect(clippy::unused_async, reason = "an engine with a disk waits here")]
    pub async fn close(&self) -> Result<(), CommitError> {
        self.log.close();
        self.bulk.close();
        self.apart.close();
        Ok(())
    }

    /// Holds flushes of the services' log back until [`MemoryEngine::flush`].
    pub fn hold(&self) {
        self.log.hold_flushes();
    }

    /// Flushes the pending writes of the services' log, and goes on holding later ones back.
    pub fn flush(&self) {
        self.log.flush();
    }

    /// Crashes the engine: unflushed writes are lost, as in a power failure, and their commits fail. Every handle of this
    /// engine refuses writes from now on; the engine returned is the same storage after a restart.
    #[must_use = "the engine returned holds what was flushed"]
    pub fn crash(&self) -> Self {
        let (log, bulk) = (Arc::new(self.log.crash()), Arc::new(self.bulk.crash()));
        let apart = Arc::new(self.apart.crash());
        Self { log, bulk, apart, subject_keys: Arc::clone(&self.subject_keys) }
    }
}

fn storage_of(
    log: &Arc<MemoryLog>,
    subject_keys: &Arc<SubjectKeys>,
    name: &'static str,
) -> ServiceStorage {
    let journal = MemoryJournal::new(Arc::clone(log), Arc::clone(subject_keys), name);
    let key_value: Arc<dyn KeyValue> = Arc::new(MemoryKeyValue::new(Arc::clone(log), name));
    let documents: Arc<dyn Documents> = Arc::new(MemoryDocuments::new(Arc::clone(log), name));
    ServiceStorage {
        journal: Arc::new(journal),
        projections: Arc::clone(&documents),
        documents,
        losable: LosableValues::new(Arc::clone(&key_value)),
        key_value,
        blobs: Arc::new(MemoryBlobs::new(Arc::clone(log), name)),
        subject_keys: Arc::clone(subject_keys),
    }
}
