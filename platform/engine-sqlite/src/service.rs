//! What the engine keeps of one service in memory: the versions of its streams, and what is not flushed yet.

use crate::{
    encoding::Row,
    operation::{Entry, Operation, Queued},
    schema::Tables,
};
use journal::{Position, StreamId, Version};
use lru::LruCache;
use parking_lot::RwLock;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
};
use storage::{Departures, Tail};

/// A service of this database. Only the handles of this service hold it, and only through it is a table named.
#[derive(Debug)]
pub(crate) struct Service {
    /// Where its state is.
    pub(crate) index: usize,
    pub(crate) tables: Tables,
    /// Whether its tables are in the database.
    pub(crate) created: AtomicBool,
    /// The position of its last flushed event.
    pub(crate) last_position: AtomicU64,
    /// The same, to wait for.
    pub(crate) followed: Arc<Tail>,
    /// The collections whose tables were seen to be what their declarations ask for, by the declaration's address.
    pub(crate) ready: RwLock<HashSet<usize>>,
}

/// The part of a service that decisions are made on, under the log's lock.
#[derive(Debug)]
pub(crate) struct ServiceState {
    /// Of the streams used last, how many events they have.
    heads: LruCache<StreamId, Version>,
    pub(crate) heads_gone: Departures,
    /// Of each stream the appends that are not flushed, oldest first.
    pending: HashMap<StreamId, VecDeque<Arc<Row>>>,
    /// The values that are not flushed.
    values: HashMap<String, Laid>,
    pub(crate) values_gone: Departures,
}

/// A value that lies over the flushed one until its own flush.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    pub(crate) position: Position,
    pub(crate) entry: Option<Entry>,
}

impl ServiceState {
    pub(crate) fn new(heads_max: NonZeroUsize) -> Self {
        Self {
            heads: LruCache::new(heads_max),
            heads_gone: Departures::default(),
            pending: HashMap::new(),
            values: HashMap::new(),
            values_gone: Departures::default(),
        }
    }

    /// How many events a stream has, where that is known without asking the database.
    pub(crate) fn head(&mut self, stream: &str) -> Option<Version> {
        let kept = self.heads.get(stream).copied();
        kept.or_else(|| Some(self.pending.get(stream)?.back()?.last_version()))
    }

    pub(crate) fn keep_head(&mut self, stream: &str, version: Version) {
        if let Some(head) = self.heads.get_mut(stream) {
            *head = version;
        } else if let Some((gone, _)) = self.heads.push(stream.to_owned(), version) {
            self.heads_gone.note(&gone);
        }
    }

    pub(crate) fn append(&mut self, row: &Arc<Row>) {
        self.keep_head(&row.stream, row.last_version());
        match self.pending.get_mut(&row.stream) {
            Some(rows) => rows.push_back(Arc::clone(row)),
            None => {
                self.pending.insert(row.stream.clone(), VecDeque::from([Arc::clone(row)]));
            }
        }
    }

    /// The appends to a stream that are not flushed, oldest first.
    pub(crate) fn pending(&self, stream: &str) -> Vec<Arc<Row>> {
        self.pending.get(stream).map(|rows| rows.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn lay_over(&mut self, key: &str, laid: Laid) {
        match self.values.get_mut(key) {
            Some(lying) => *lying = laid,
            None => {
                self.values.insert(key.to_owned(), laid);
            }
        }
    }

    pub(crate) fn laid_over(&self, key: &str) -> Option<&Laid> {
        self.values.get(key)
    }

    /// What was queued is flushed: the database has it now.
    pub(crate) fn settle(&mut self, queued: &Queued) {
        match &queued.operation {
            Operation::Append { row, .. } => {
                if let Some(rows) = self.pending.get_mut(&row.stream) {
                    rows.pop_front();
                    if rows.is_empty() {
                        self.pending.remove(&row.stream);
                    }
                }
            }
            Operation::Value { key, .. } => {
                if self.values.get(key).is_some_and(|laid| laid.position <= queued.position) {
                    self.values.remove(key);
                    self.values_gone.note(key);
                }
            }
            Operation::Documents(_)
            | Operation::Collection(_)
            | Operation::Sweep { .. }
            | Operation::Snapshot { .. } => {}
        }
    }
}
