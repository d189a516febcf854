//! In-memory state of one service: the heads of its streams, and the memtable of writes that its tables do not have yet.

use crate::{
    append_row::AppendRow,
    recent_appends::RecentAppends,
    write_operation::{QueuedWrite, ValueEntry, WriteOperation},
};
use bytes::Bytes;
use journal::{Position, StreamId, Version};
use lru::LruCache;
use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc};
use storage::{EvictionStamp, EvictionStamps, Write};

/// Hash map by keys that clients may choose: hashed with a secret of the process, and faster than the standard one.
type SecretHashMap<K, V> = std::collections::HashMap<K, V, foldhash::quality::RandomState>;

/// Hash set of the same kind.
type SecretHashSet<K> = std::collections::HashSet<K, foldhash::quality::RandomState>;

/// State of one service that decisions read and change under the log's lock.
#[derive(Debug)]
pub(crate) struct ServiceState {
    /// Heads: the current versions of the streams used last.
    heads: LruCache<StreamId, Version>,
    pub(crate) head_evictions: EvictionStamps,
    /// Appends that the journal table does not have, by stream, oldest first.
    pending: SecretHashMap<StreamId, VecDeque<Arc<AppendRow>>>,
    /// Streams whose deletion is decided, and which the journal table may still have.
    deleted: SecretHashSet<StreamId>,
    /// Last appends of the service, for the consumers that follow its journal.
    pub(crate) recent: RecentAppends,
    /// Memtable of values.
    values: SecretHashMap<String, MemtableEntry<ValueEntry>>,
    pub(crate) value_evictions: EvictionStamps,
    /// Memtable of flushed documents, by collection.
    documents: SecretHashMap<&'static str, SecretHashMap<String, MemtableEntry<Bytes>>>,
}

/// Entry of a memtable: the newest version of a key until the table has it; `None` is a tombstone.
#[derive(Clone, Debug)]
pub(crate) struct MemtableEntry<T> {
    pub(crate) position: Position,
    pub(crate) entry: Option<T>,
}

impl ServiceState {
    /// State of a service whose journal ends at `last`, with nothing pending.
    pub(crate) fn new(heads_max: NonZeroUsize, last: Position) -> Self {
        Self {
            heads: LruCache::new(heads_max),
            head_evictions: EvictionStamps::default(),
            pending: SecretHashMap::default(),
            deleted: SecretHashSet::default(),
            recent: RecentAppends::after(last),
            values: SecretHashMap::default(),
            value_evictions: EvictionStamps::default(),
            documents: SecretHashMap::default(),
        }
    }

    /// Current version of a stream, where memory knows it without a query.
    pub(crate) fn head(&mut self, stream: &str) -> Option<Version> {
        if self.deleted.contains(stream) {
            return Some(0);
        }
        let cached = self.heads.get(stream).copied();
        cached.or_else(|| Some(self.pending.get(stream)?.back()?.last_version()))
    }

    fn cache_head(&mut self, stream: &str, version: Version) {
        if let Some(head) = self.heads.get_mut(stream) {
            *head = version;
        } else if let Some((evicted, _)) = self.heads.push(stream.to_owned(), version) {
            self.head_evictions.note(&evicted);
        }
    }

    /// Caches the head that the database reported after `stamp` was taken, unless the stream was appended to in the
    /// meantime: the newer head may have been evicted again.
    pub(crate) fn cache_stored_head(
        &mut self,
        stream: &str,
        version: Version,
        stamp: EvictionStamp,
    ) {
        if self.head(stream).is_none() && self.head_evictions.stamp(stream) == stamp {
            self.cache_head(stream, version);
        }
    }

    /// Takes in an append that was decided.
    pub(crate) fn append(&mut self, row: &Arc<AppendRow>) {
        self.cache_head(&row.stream, row.last_version());
        self.recent.push(Arc::clone(row));
        match self.pending.get_mut(&row.stream) {
            Some(rows) => rows.push_back(Arc::clone(row)),
            None => {
                self.pending.insert(row.stream.clone(), VecDeque::from([Arc::clone(row)]));
            }
        }
    }

    /// Whether the deletion of a stream is decided and not applied.
    pub(crate) fn is_being_deleted(&self, stream: &str) -> bool {
        self.deleted.contains(stream)
    }

    /// Takes in the deletion of a stream.
    pub(crate) fn delete_stream(&mut self, stream: &str) {
        self.heads.pop(stream);
        self.head_evictions.note(stream);
        self.deleted.insert(stream.to_owned());
    }

    /// Appends to a stream that the journal table does not have, oldest first.
    pub(crate) fn pending(&self, stream: &str) -> Vec<Arc<AppendRow>> {
        self.pending.get(stream).map(|rows| rows.iter().cloned().collect()).unwrap_or_default()
    }

    /// Takes in a value, or a tombstone, that was decided.
    pub(crate) fn put_value(&mut self, key: &str, newest: MemtableEntry<ValueEntry>) {
        match self.values.get_mut(key) {
            Some(entry) => *entry = newest,
            None => {
                self.values.insert(key.to_owned(), newest);
            }
        }
    }

    /// Value that the table does not have, flushed or not.
    pub(crate) fn unapplied_value(&self, key: &str) -> Option<&MemtableEntry<ValueEntry>> {
        self.values.get(key)
    }

    /// Flushed document that the table does not have.
    pub(crate) fn unapplied_document(
        &self,
        collection: &str,
        key: &str,
    ) -> Option<&MemtableEntry<Bytes>> {
        self.documents.get(collection)?.get(key)
    }

    /// Whether the table of this collection lacks flushed documents.
    pub(crate) fn has_unapplied_documents(&self, collection: &str) -> bool {
        self.documents.get(collection).is_some_and(|documents| !documents.is_empty())
    }

    /// Publishes a flushed write: its documents become visible.
    pub(crate) fn mark_flushed(&mut self, queued: &QueuedWrite) {
        for write in queued.operation.documents() {
            let (collection, key, entry) = match write {
                Write::Put { collection, document } => {
                    (collection, &document.key, Some(document.body.clone()))
                }
                Write::Delete { collection, key } => (collection, key, None),
            };
            let newest = MemtableEntry { position: queued.position, entry };
            let documents = self.documents.entry(collection.name).or_default();
            match documents.get_mut(key) {
                Some(entry) => *entry = newest,
                None => drop(documents.insert(key.clone(), newest)),
            }
        }
    }

    /// Drops an applied write from the memtable, except where a newer version has replaced it.
    pub(crate) fn mark_applied(&mut self, queued: &QueuedWrite) {
        if let WriteOperation::Append { row, .. } = &queued.operation {
            if let Some(rows) = self.pending.get_mut(&row.stream) {
                rows.pop_front();
                if rows.is_empty() {
                    self.pending.remove(&row.stream);
                }
            }
            self.recent.mark_applied(row.last_position());
        }
        if let WriteOperation::DeleteStream { stream } = &queued.operation {
            self.deleted.remove(stream);
            // Whoever read the head before must not cache it.
            self.head_evictions.note(stream);
        }
        if let WriteOperation::Value { key, .. } = &queued.operation
            && self.values.get(key).is_some_and(|newest| newest.position <= queued.position)
        {
            self.values.remove(key);
            self.value_evictions.note(key);
        }
        for write in queued.operation.documents() {
            let (collection, key) = match write {
                Write::Put { collection, document } => (collection, &document.key),
                Write::Delete { collection, key } => (collection, key),
            };
            if let Some(documents) = self.documents.get_mut(collection.name)
                && documents.get(key).is_some_and(|newest| newest.position <= queued.position)
            {
                documents.remove(key);
            }
        }
    }
}
