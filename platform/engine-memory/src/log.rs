//! Log that all services of the engine share: the order of writes, and the watermark up to which they are flushed.

use crate::{collections::Collections, events::MemoryEvents, values::MemoryValues};
use ::journal::{Position, Snapshot, StreamId};
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};
use storage::{Commit, StorageError, Watermark, Write, durability};

/// Log with one lock: decisions take their positions in one order under it.
#[derive(Debug, Default)]
pub(crate) struct MemoryLog {
    watermark: Arc<Watermark>,
    contents: Mutex<LogContents>,
}

#[derive(Debug, Default)]
pub(crate) struct LogContents {
    position: Position,
    flush_mode: FlushMode,
    services: HashMap<&'static str, ServiceData>,
    /// Decided writes that are not flushed, oldest first.
    pending: VecDeque<PendingWrite>,
}

/// When a write is flushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FlushMode {
    /// With the write itself.
    #[default]
    Immediate,
    /// On request only.
    Manual,
    /// Never: the log accepts no more writes.
    Closed,
}

/// Data of one service.
#[derive(Debug, Default)]
pub(crate) struct ServiceData {
    /// Decided events, flushed or not.
    pub(crate) events: MemoryEvents,
    /// Flushed documents.
    pub(crate) collections: Collections,
    /// Flushed values, and the unflushed ones over them.
    pub(crate) values: MemoryValues,
    /// Blobs, by folder and name.
    pub(crate) blobs: BTreeMap<(&'static str, String), Bytes>,
    /// Flushed snapshots, by name.
    pub(crate) snapshots: HashMap<String, Snapshot>,
    /// Watermark of this service's events alone, for the consumers that follow its journal.
    pub(crate) events_watermark: Arc<Watermark>,
}

#[derive(Debug)]
struct PendingWrite {
    position: Position,
    service: &'static str,
    effect: FlushEffect,
}

/// Change that a flush makes visible.
#[derive(Debug)]
pub(crate) enum FlushEffect {
    /// Events, with the documents written in the same append.
    Events(Vec<Write>),
    Documents(Vec<Write>),
    Value {
        key: String,
    },
    Snapshot {
        name: String,
        snapshot: Snapshot,
    },
    DeletedStream(StreamId),
}

impl MemoryLog {
    pub(crate) fn watermark(&self) -> &Arc<Watermark> {
        &self.watermark
    }

    /// Reads a service's data under the lock. The caller registers the commit of whatever it returns unflushed.
    pub(crate) fn read<T>(
        &self,
        service: &'static str,
        read: impl FnOnce(&mut ServiceData) -> T,
    ) -> T {
        read(self.contents.lock().services.entry(service).or_default())
    }

    /// Whether the log accepts no more writes.
    pub(crate) fn is_closed(&self) -> bool {
        self.contents.lock().flush_mode == FlushMode::Closed
    }

    /// Decides under the lock; the effect takes its positions in the order, and its commit is added to the running scope.
    /// `decide` gets the position of the last write before it, and returns how many positions it takes; without an effect
    /// nothing is written.
    pub(crate) fn write<T, E: From<StorageError>>(
        &self,
        service: &'static str,
        decide: impl FnOnce(&mut ServiceData, Position) -> Result<(T, Option<(u64, FlushEffect)>), E>,
    ) -> Result<(T, Commit), E> {
        let mut contents = self.contents.lock();
        if contents.flush_mode == FlushMode::Closed {
            return Err(StorageError::Unavailable("the engine is closed".to_owned()).into());
        }
        let before = contents.position;
        let (output, effect) = decide(contents.services.entry(service).or_default(), before)?;
        let Some((positions, effect)) = effect else { return Ok((output, Commit::durable())) };
        contents.position += positions;
        let position = contents.position;
        contents.pending.push_back(PendingWrite { position, service, effect });
        if contents.flush_mode == FlushMode::Immediate {
            contents.flush(&self.watermark);
        }
        drop(contents);
        let commit = self.commit_at(position);
        Ok((output, commit))
    }

    /// Commit of the write at `position`, added to the running scope.
    pub(crate) fn commit_at(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.watermark, position);
        durability::depend_on(&commit);
        commit
    }

    pub(crate) fn hold_flushes(&self) {
        self.contents.lock().flush_mode = FlushMode::Manual;
    }

    pub(crate) fn flush(&self) {
        self.contents.lock().flush(&self.watermark);
    }

    pub(crate) fn close(&self) {
        let mut contents = self.contents.lock();
        contents.flush(&self.watermark);
        contents.flush_mode = FlushMode::Closed;
    }

    /// Log as a restart finds it: the flushed prefix. This one accepts no more writes.
    pub(crate) fn crash(&self) -> Self {
        let mut contents = self.contents.lock();
        contents.flush_mode = FlushMode::Closed;
        contents.pending.clear();
        self.watermark.void();
        let position = self.watermark.flushed();
        let mut services = std::mem::take(&mut contents.services);
        for service in services.values_mut() {
            service.events.truncate(position);
            service.values.discard_pending();
            service.events_watermark = Watermark::at(service.events.last_position(position));
        }
        let contents = LogContents { position, services, ..LogContents::default() };
        Self { watermark: Watermark::at(position), contents: Mutex::new(contents) }
    }
}

impl LogContents {
    fn flush(&mut self, watermark: &Watermark) {
        for PendingWrite { position, service, effect } in self.pending.drain(..) {
            let service = self.services.entry(service).or_default();
            match effect {
                FlushEffect::Events(writes) => {
                    service.collections.apply(writes);
                    watermark.advance(position);
                    service.events_watermark.advance(position);
                }
                FlushEffect::Documents(writes) => service.collections.apply(writes),
                FlushEffect::Value { key } => service.values.apply_flushed(&key, position),
                FlushEffect::DeletedStream(stream) => service.events.delete(&stream),
                FlushEffect::Snapshot { name, snapshot } => {
                    service.snapshots.insert(name, snapshot);
                }
            }
            watermark.advance(position);
        }
    }
}
