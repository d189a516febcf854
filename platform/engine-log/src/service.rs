//! Service of a log: the spaces of its index entries, and how far its journal is flushed.

use crate::frame::Location;
use bytes::Bytes;
use document_index::IndexedDocuments;
use journal::Position;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64},
};
use storage::Watermark;

/// Service of a log. Only the handles of the service hold it.
#[derive(Debug)]
pub(crate) struct LogService {
    pub(crate) name: String,
    /// Index of its state in the log.
    pub(crate) index: usize,
    /// Spaces of its index entries.
    pub(crate) spaces: u32,
    /// Position of its last flushed event.
    pub(crate) last_position: AtomicU64,
    /// Watermark of its flushed events, for the consumers that follow its journal.
    pub(crate) events_watermark: Arc<Watermark>,
    pub(crate) documents: Arc<dyn IndexedDocuments>,
}

/// State of one service that decisions read and change under the log's lock.
#[derive(Debug)]
pub(crate) struct ServiceMemory {
    /// Position of its last event, flushed or not.
    pub(crate) last_event: Position,
    /// Deleted streams, with the location of the deletion: what is before it is gone.
    pub(crate) deleted: HashMap<String, Deletion>,
    /// Deletions that were forgotten, because compaction has dropped everything before them.
    pub(crate) deletions_forgotten: u64,
    /// Expiry entry up to which values were swept, and the location of the sweep: values before it are gone.
    pub(crate) swept: (u64, u64, Location),
    /// Flushed documents that the index does not have, by collection.
    pub(crate) documents: KeyedHashMap<String, KeyedHashMap<String, MemoryDocument>>,
}

/// Hash map by keys that clients may choose.
pub(crate) type KeyedHashMap<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// Deletion of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deletion {
    pub(crate) location: Location,
    pub(crate) position: Position,
}

/// Newest version of a document; without a body it is deleted.
#[derive(Clone, Debug)]
pub(crate) struct MemoryDocument {
    pub(crate) position: Position,
    pub(crate) body: Option<Bytes>,
}
