//! What the engine keeps of one service in memory: the versions of its streams, and what its tables do not have yet.

use crate::{
    encoding::Row,
    operation::{Entry, Operation, Queued},
    recent::Recent,
    schema::Tables,
};
use bytes::Bytes;
use journal::{Position, StreamId, Version};
use lru::LruCache;
use parking_lot::RwLock;
use std::{
    collections::{HashSet, VecDeque},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
};
use storage::{EvictionStamp, EvictionStamps, Watermark, Write};

/// By keys that clients may have chosen: hashed with a secret of the process, and faster than the standard way.
type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::quality::RandomState>;

/// A service of this database. Only the handles of this service hold it, and only through it is a table named.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    /// Where its state is.
    pub(crate) index: usize,
    pub(crate) tables: Tables,
    /// Whether its tables are in the database.
    pub(crate) created: AtomicBool,
    /// The position of its last flushed event.
    pub(crate) last_position: AtomicU64,
    /// The same, to wait for.
    pub(crate) followed: Arc<Watermark>,
    /// The collections whose tables were seen to be what their declarations ask for, by the declaration's address.
    pub(crate) ready: RwLock<HashSet<usize>>,
}

/// The part of a service that decisions are made on, under the log's lock.
#[derive(Debug)]
pub(crate) struct ServiceState {
    /// Of the streams used last, how many events they have.
    heads: LruCache<StreamId, Version>,
    pub(crate) heads_gone: EvictionStamps,
    /// Of each stream the appends that its table does not have, oldest first.
    pending: HashMap<StreamId, VecDeque<Arc<Row>>>,
    /// The last appends of the service, for those who follow it.
    pub(crate) recent: Recent,
    /// The values that the table does not have.
    values: HashMap<String, Laid<Entry>>,
    pub(crate) values_gone: EvictionStamps,
    /// The flushed documents that the tables do not have, by collection.
    documents: HashMap<&'static str, HashMap<String, Laid<Bytes>>>,
}

/// What lies over a table until the table has it; nothing when it was removed.
#[derive(Clone, Debug)]
pub(crate) struct Laid<T> {
    pub(crate) position: Position,
    pub(crate) entry: Option<T>,
}

impl Service {
    /// The service of this name at `index`; `found` is the last position of the journal it has already.
    pub(crate) fn new(name: &'static str, index: usize, found: Option<Position>) -> Self {
        Self {
            name,
            index,
            tables: Tables::of(name),
            created: AtomicBool::new(found.is_some()),
            last_position: AtomicU64::new(found.unwrap_or(0)),
            followed: Watermark::at(found.unwrap_or(0)),
            ready: RwLock::default(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl ServiceState {
    /// A service whose journal ends at `last`, with nothing on its way.
    pub(crate) fn new(heads_max: NonZeroUsize, last: Position) -> Self {
        Self {
            heads: LruCache::new(heads_max),
            heads_gone: EvictionStamps::default(),
            pending: HashMap::default(),
            recent: Recent::after(last),
            values: HashMap::default(),
            values_gone: EvictionStamps::default(),
            documents: HashMap::default(),
        }
    }

    /// How many events a stream has, where that is known without asking the database.
    pub(crate) fn head(&mut self, stream: &str) -> Option<Version> {
        let kept = self.heads.get(stream).copied();
        kept.or_else(|| Some(self.pending.get(stream)?.back()?.last_version()))
    }

    fn keep_head(&mut self, stream: &str, version: Version) {
        if let Some(head) = self.heads.get_mut(stream) {
            *head = version;
        } else if let Some((gone, _)) = self.heads.push(stream.to_owned(), version) {
            self.heads_gone.note(&gone);
        }
    }

    /// Keeps what the database said after `mark` was taken; unless somebody appended meanwhile, and the newer version
    /// may have been forgotten again.
    pub(crate) fn keep_stored_head(&mut self, stream: &str, version: Version, mark: EvictionStamp) {
        if self.head(stream).is_none() && self.heads_gone.stamp(stream) == mark {
            self.keep_head(stream, version);
        }
    }

    pub(crate) fn append(&mut self, row: &Arc<Row>) {
        self.keep_head(&row.stream, row.last_version());
        self.recent.push(Arc::clone(row));
        match self.pending.get_mut(&row.stream) {
            Some(rows) => rows.push_back(Arc::clone(row)),
            None => {
                self.pending.insert(row.stream.clone(), VecDeque::from([Arc::clone(row)]));
            }
        }
    }

    /// The appends to a stream that its table does not have, oldest first.
    pub(crate) fn pending(&self, stream: &str) -> Vec<Arc<Row>> {
        self.pending.get(stream).map(|rows| rows.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn lay_over(&mut self, key: &str, laid: Laid<Entry>) {
        match self.values.get_mut(key) {
            Some(lying) => *lying = laid,
            None => {
                self.values.insert(key.to_owned(), laid);
            }
        }
    }

    pub(crate) fn laid_over(&self, key: &str) -> Option<&Laid<Entry>> {
        self.values.get(key)
    }

    /// A document that is flushed and not yet in its table.
    pub(crate) fn document(&self, collection: &str, key: &str) -> Option<&Laid<Bytes>> {
        self.documents.get(collection)?.get(key)
    }

    /// Whether some documents of this collection are flushed and not yet in the table.
    pub(crate) fn lacks_documents(&self, collection: &str) -> bool {
        self.documents.get(collection).is_some_and(|laid| !laid.is_empty())
    }

    /// What was queued is flushed: its documents can be seen.
    pub(crate) fn flushed(&mut self, queued: &Queued) {
        for write in queued.operation.documents() {
            let (collection, key, entry) = match write {
                Write::Put { collection, document } => {
                    (collection, &document.key, Some(document.body.clone()))
                }
                Write::Delete { collection, key } => (collection, key, None),
            };
            let laid = Laid { position: queued.position, entry };
            let lying = self.documents.entry(collection.name).or_default();
            match lying.get_mut(key) {
                Some(lying) => *lying = laid,
                None => drop(lying.insert(key.clone(), laid)),
            }
        }
    }

    /// What was queued is in the tables: nothing of it need lie over them any more.
    pub(crate) fn settle(&mut self, queued: &Queued) {
        if let Operation::Append { row, .. } = &queued.operation {
            if let Some(rows) = self.pending.get_mut(&row.stream) {
                rows.pop_front();
                if rows.is_empty() {
                    self.pending.remove(&row.stream);
                }
            }
            self.recent.settle(row.last_position());
        }
        if let Operation::Value { key, .. } = &queued.operation
            && self.values.get(key).is_some_and(|laid| laid.position <= queued.position)
        {
            self.values.remove(key);
            self.values_gone.note(key);
        }
        for write in queued.operation.documents() {
            let (collection, key) = match write {
                Write::Put { collection, document } => (collection, &document.key),
                Write::Delete { collection, key } => (collection, key),
            };
            if let Some(lying) = self.documents.get_mut(collection.name)
                && lying.get(key).is_some_and(|laid| laid.position <= queued.position)
            {
                lying.remove(key);
            }
        }
    }
}
