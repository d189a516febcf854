//! Service storage: the ports that an engine hands to one service.

use crate::Journal;
use std::sync::Arc;
use storage::{Blobs, Documents, KeyValue, LosableValues};
use subject_keys::SubjectKeys;

/// Storage of one service, which no other service sees. Every engine hands out this type, so that a service cannot tell
/// which one it has.
#[derive(Clone, Debug)]
pub struct ServiceStorage {
    /// Event store.
    pub journal: Arc<dyn Journal>,
    /// Document store, for records and read models.
    pub documents: Arc<dyn Documents>,
    /// Key-value store, for small values and counters that must not be lost: it is in the engine of the journal.
    pub key_value: Arc<dyn KeyValue>,
    /// Key-value store of values that may be lost: caches and limits. It may be the same, or in an engine that forgets.
    pub losable: LosableValues,
    /// Blob store, for whole files.
    pub blobs: Arc<dyn Blobs>,
    /// Keys of the people that the data is about, which all services of a process share.
    pub subject_keys: Arc<SubjectKeys>,
}
