//! Journal of one service in the log.

use crate::{
    frame::Location,
    index::{EntryKind, highest, lowest},
    log::{LogGuard, NewRecord, SegmentedLog},
    lookup::{RecordName, RecordRequest},
    open_log::RunningLog,
    record::{LocatedRecord, RecordEncoder, RecordOperation, text},
    service::{Deletion, LogService},
};
use ::journal::{
    Append, AppendError, Appended, DeleteError, Journal, NewEvent, Position, READ_EVENTS_MAX,
    RecordedEvent, SNAPSHOT_BYTES_MAX, SequencePlace, Snapshot, Version, personal,
};
use async_trait::async_trait;
use std::sync::{Arc, atomic::Ordering};
use storage::{Commit, StorageError, Write};
use subject_keys::SubjectKeys;

/// Journal handle of one service.
#[derive(Debug)]
pub(crate) struct LogJournal {
    log: Arc<RunningLog>,
    service: Arc<LogService>,
    subject_keys: Arc<SubjectKeys>,
}

#[async_trait]
impl Journal for LogJournal {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        SequencePlace::decide(append.sequence.take(), || self.append_now(append))
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        let key = self.log.hash.of(stream.as_bytes());
        let (mut guard, last) = self.head(stream, key)?;
        let actual = last.as_deref().map_or(Ok(0), last_version)?;
        if actual != expected {
            return Err(DeleteError::Conflict { actual });
        }
        let Some(last) = last else { return Ok(Commit::durable()) };
        if last.position >= guard.service(&self.service).last_event {
            return Err(DeleteError::LastEvent);
        }
        let (payload, key) = (RecordEncoder::delete_stream(&self.service.name, stream), 0);
        Ok(guard.enqueue(&self.service, NewRecord::plain(payload, key))?.1)
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let (mut events, last) = self.events_of(stream, after, limit.min(READ_EVENTS_MAX))?;
        personal::open(&self.subject_keys, &self.service.name, &mut events)?;
        drop(self.log.commit_at(last));
        Ok(events)
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let limit = limit.min(READ_EVENTS_MAX);
        let last = self.service.last_position.load(Ordering::Acquire);
        let mut flushed = last.min(self.log.watermark.flushed());
        if kernel::defects::planted("feed_shows_unflushed") {
            flushed = self.log.lock().service(&self.service).last_event;
        }
        let mut events = Vec::new();
        let mut from = after.saturating_add(1);
        while events.len() < limit && from <= flushed {
            let (forgotten, before) = (self.deletions_forgotten(), events.len());
            let next = self.follow_page((from, flushed), limit, &mut events)?;
            // A deletion that was forgotten meanwhile no longer hides what was read before.
            if self.deletions_forgotten() != forgotten {
                events.truncate(before);
                continue;
            }
            let Some(next) = next else { break };
            from = next;
        }
        personal::open(&self.subject_keys, &self.service.name, &mut events)?;
        Ok(events)
    }

    async fn wait_beyond(&self, after: Position) {
        if self.service.events_watermark.wait_for(after.saturating_add(1)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        Ok(self.service.last_position.load(Ordering::Acquire))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), SNAPSHOT_BYTES_MAX)?;
        let payload = RecordEncoder::snapshot(&self.service.name, name, &snapshot);
        let key = self.log.hash.of(name.as_bytes());
        Ok(self.log.begin_write()?.enqueue(&self.service, NewRecord::plain(payload, key))?.1)
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        let key = self.log.hash.of(name.as_bytes());
        let (service, name) = (&*self.service, RecordName::Plain(name));
        let wanted = RecordRequest { service, kind: EntryKind::Snapshot, name, key, after: 0 };
        let (guard, record) = self.log.newest(&wanted, |log| Ok(log.lock()))?;
        drop(guard);
        let Some(record) = record else { return Ok(None) };
        drop(self.log.commit_at(record.position));
        let RecordOperation::Snapshot { position, data, .. } = record.view()?.operation else {
            return Ok(None);
        };
        Ok(Some(Snapshot { position, data: record.payload.slice_ref(data) }))
    }
}

impl LogJournal {
    pub(crate) fn new(
        log: Arc<RunningLog>,
        service: Arc<LogService>,
        subject_keys: Arc<SubjectKeys>,
    ) -> Self {
        Self { log, service, subject_keys }
    }

    fn append_now(&self, mut append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let (service, stream) = (&self.service.name, &append.stream);
        let _in_use = personal::seal(&self.subject_keys, service, stream, &mut append.events)?;
        declare(&self.service, &append.writes)?;
        let payload = RecordEncoder::append(&self.service.name, &append);
        let key = self.log.hash.of(append.stream.as_bytes());
        let (guard, last) = self.head(&append.stream, key)?;
        let actual = last.as_deref().map_or(Ok(0), last_version)?;
        if actual != append.expected {
            drop(guard);
            return self.repeated_append(&append, actual);
        }
        let positions = append.events.len() as u64;
        let version = append.expected + positions;
        let documents = self.log.hash.documents(&append.writes);
        let typed = append.events.into_iter().map(|event| event.typed).collect();
        let record = NewRecord { payload, key, documents, typed, positions, is_append: true };
        let (position, commit) = guard.enqueue(&self.service, record)?;
        Ok(Appended { version, position, commit })
    }

    /// Last append to a stream, and the lock under which it stays the last.
    fn head(
        &self,
        stream: &str,
        key: u64,
    ) -> Result<(LogGuard<'_>, Option<Arc<LocatedRecord>>), StorageError> {
        let (service, kind, name) = (&*self.service, EntryKind::Stream, RecordName::Plain(stream));
        let wanted = RecordRequest { service, kind, name, key, after: 0 };
        self.log.newest(&wanted, SegmentedLog::begin_write)
    }

    /// Adds the next events from one position to another, up to `limit`; returns from which position there may be more.
    fn follow_page(
        &self,
        (from, until): (Position, Position),
        limit: usize,
        events: &mut Vec<RecordedEvent>,
    ) -> Result<Option<Position>, StorageError> {
        let space = EntryKind::Event.of(self.service.spaces);
        let entries = (lowest(space, from, 0), highest(space, until));
        let (has_more, records) =
            self.log.gather(entries, Location(0), limit - events.len(), |state, _| {
                // Memory has everything after the position before its first segment.
                state.memory.front().is_none_or(|first| from <= first.before)
            })?;
        let mut next = from;
        for (entry, record) in &records {
            next = entry.key + 1;
            let Some(record) = record else { continue };
            let view = record.view()?;
            let RecordOperation::Append(append) = view.operation else { continue };
            if view.service == self.service.name.as_bytes()
                && !self.is_deleted(append.stream, record)
            {
                record.events(&append, |position, _| position >= from, limit, events)?;
            }
        }
        Ok(has_more.then_some(next))
    }

    fn deletions_forgotten(&self) -> u64 {
        self.log.lock().service(&self.service).deletions_forgotten
    }

    fn is_deleted(&self, stream: &[u8], record: &LocatedRecord) -> bool {
        let mut guard = self.log.lock();
        let deleted = &guard.service(&self.service).deleted;
        !deleted.is_empty()
            && text(stream)
                .and_then(|it| deleted.get(it))
                .is_some_and(|deletion| record.location < deletion.location)
    }

    /// Idempotent append: the answer to an append at an older version. It succeeds when the stream has these very events
    /// there, and is a conflict otherwise.
    fn repeated_append(&self, append: &Append, actual: Version) -> Result<Appended, AppendError> {
        if append.expected < actual {
            let (stored, _) =
                self.events_of(&append.stream, append.expected, append.events.len())?;
            let same = |(recorded, event): (&RecordedEvent, &NewEvent)| recorded.id == event.id;
            if stored.len() == append.events.len()
                && stored.iter().zip(&append.events).all(same)
                && let Some(last) = stored.last()
            {
                let (version, position) = (last.version, last.position);
                return Ok(Appended { version, position, commit: self.log.commit_at(position) });
            }
        }
        Err(AppendError::Conflict { actual })
    }

    /// Up to `limit` events of a stream, and the last position that the answer depends on.
    fn events_of(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Position), StorageError> {
        loop {
            let deletion = self.deletion(stream);
            let (events, last) = self.events_behind(stream, deletion, after, limit)?;
            // When the stream was deleted meanwhile, this may be a part of it, or more than it ever had.
            if self.deletion(stream) == deletion {
                let deleted = deletion.0.map_or(0, |deletion| deletion.position);
                return Ok((events, last.max(deleted)));
            }
        }
    }

    /// Deletion of a stream, and the number of those that were forgotten.
    fn deletion(&self, stream: &str) -> (Option<Deletion>, u64) {
        let mut guard = self.log.lock();
        let service = guard.service(&self.service);
        let deletion = if service.deleted.is_empty() { None } else { service.deleted.get(stream) };
        (deletion.copied(), service.deletions_forgotten)
    }

    /// Up to `limit` events of a stream behind its deletion, and the last position among them.
    fn events_behind(
        &self,
        stream: &str,
        (deletion, _): (Option<Deletion>, u64),
        after: Version,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Position), StorageError> {
        let (space, key) =
            (EntryKind::Stream.of(self.service.spaces), self.log.hash.of(stream.as_bytes()));
        let floor = deletion.map(|deletion| deletion.location).unwrap_or_default();
        let (mut events, mut last) = (Vec::new(), 0);
        let next = after.saturating_add(1);
        let mut from = lowest(space, key, next);
        // The first append in memory may be the one that the next version is in.
        let begins_in_memory = |record: &LocatedRecord| match record.view().map(|it| it.operation) {
            Ok(RecordOperation::Append(append)) => {
                append.stream == stream.as_bytes() && append.first_version <= next
            }
            _ => false,
        };
        while events.len() < limit {
            let (until, limit_left) = (highest(space, key), limit - events.len());
            let (has_more, records) =
                self.log.gather((from, until), floor, limit_left, |_, first| {
                    !first.is_some_and(begins_in_memory)
                })?;
            for (entry, record) in &records {
                from = entry.next();
                let Some(record) = record else { continue };
                let view = record.view()?;
                let RecordOperation::Append(append) = view.operation else { continue };
                if view.service == self.service.name.as_bytes()
                    && append.stream == stream.as_bytes()
                {
                    record.events(&append, |_, version| version > after, limit, &mut events)?;
                    last = last.max(record.position);
                }
            }
            if !has_more {
                break;
            }
        }
        Ok((events, last))
    }
}

/// Version of a stream after this append.
fn last_version(record: &LocatedRecord) -> Result<Version, StorageError> {
    match record.view()?.operation {
        RecordOperation::Append(append) => Ok(append.first_version + append.count - 1),
        _ => Err(StorageError::Corrupt(format!(
            "the record at position {} is no append",
            record.position
        ))),
    }
}

/// Makes the tables of the collections in the index match their declarations.
pub(crate) fn declare(service: &LogService, writes: &[Write]) -> Result<(), StorageError> {
    writes.iter().try_for_each(|write| {
        let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
        service.documents.declare(collection)
    })
}
