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
    /// Document store of projected read models, which consumers of feeds write with their positions: the same, or one in an engine of its
    /// own. There a crash may leave the first writes of a call without the others.
    pub projections: Arc<dyn Documents>,
    /// Key-value store, for small values and counters that must not be lost: it is in the engine of the journal.
    pub key_value: Arc<dyn KeyValue>,
    /// Key-value store of values that may be lost: caches and limits. It may be the same, or in an engine that forgets.
    pub losable: LosableValues,
    /// Blob store, for whole files.
    pub blobs: Arc<dyn Blobs>,
    /// Keys of the people that the data is about, which all services of a process share.
    pub subject_keys: Arc<SubjectKeys>,
}

impl ServiceStorage {
    /// The storage with that of projected read models as its document store: what a consumer writes whose effects are in collections that
    /// the module table names as projected. Its position and its parked messages are there as well.
    #[must_use]
    pub fn projected(&self) -> Self {
        Self { documents: Arc::clone(&self.projections), ..self.clone() }
    }
}
