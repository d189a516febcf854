//! Journal of one service in memory.

use crate::log::{FlushEffect, MemoryLog, ServiceData};
use ::journal::{
    Append, AppendError, Appended, DeleteError, Journal, Position, READ_EVENTS_MAX, RecordedEvent,
    SequencePlace, Snapshot, Version, personal,
};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{Commit, StorageError, durability};
use subject_keys::SubjectKeys;

/// Journal handle of one service.
#[derive(Debug)]
pub(crate) struct MemoryJournal {
    log: Arc<MemoryLog>,
    subject_keys: Arc<SubjectKeys>,
    service: &'static str,
}

impl MemoryJournal {
    pub(crate) fn new(
        log: Arc<MemoryLog>,
        subject_keys: Arc<SubjectKeys>,
        service: &'static str,
    ) -> Self {
        Self { log, subject_keys, service }
    }

    fn append_now(&self, mut append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let Append { stream, events, .. } = &mut append;
        let _in_use = personal::seal(&self.subject_keys, self.service, stream, events)?;
        let (decided, commit) =
            self.log.write(self.service, |service, before| decide(service, before, append))?;
        Ok(match decided {
            AppendDecision::Accepted { version, position } => {
                Appended { version, position, commit }
            }
            AppendDecision::Repeated { version, position } => {
                Appended { version, position, commit: self.log.commit_at(position) }
            }
        })
    }
}

/// Outcome of an append, before it has its commit.
enum AppendDecision {
    Accepted {
        version: Version,
        position: Position,
    },
    /// Idempotent append: the stream has these very events at this version already.
    Repeated {
        version: Version,
        position: Position,
    },
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        SequencePlace::decide(append.sequence.take(), || self.append_now(append))
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        let ((), commit) = self.log.write(self.service, |service, _| {
            let actual = service.events.version(stream);
            if actual != expected {
                return Err(DeleteError::Conflict { actual });
            }
            let Some(last) = service.events.last_of_stream(stream) else { return Ok(((), None)) };
            if last == service.events.last_position(Position::MAX) {
                return Err(DeleteError::LastEvent);
            }
            service.events.begin_deletion(stream);
            Ok(((), Some((1, FlushEffect::DeletedStream(stream.to_owned())))))
        })?;
        Ok(commit)
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let limit = limit.min(READ_EVENTS_MAX);
        let mut events =
            self.log.read(self.service, |service| service.events.of_stream(stream, after, limit));
        personal::open(&self.subject_keys, self.service, &mut events)?;
        if let Some(last) = events.last() {
            durability::depend_on(&self.log.commit_at(last.position));
        }
        Ok(events)
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let (limit, flushed) = (limit.min(READ_EVENTS_MAX), self.log.watermark().flushed());
        let mut events =
            self.log.read(self.service, |service| service.events.between(after, flushed, limit));
        personal::open(&self.subject_keys, self.service, &mut events)?;
        Ok(events)
    }

    async fn wait_beyond(&self, after: Position) {
        let watermark =
            self.log.read(self.service, |service| Arc::clone(&service.events_watermark));
        if watermark.wait_for(after.saturating_add(1)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        let flushed = self.log.watermark().flushed();
        Ok(self.log.read(self.service, |service| service.events.last_position(flushed)))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), ::journal::SNAPSHOT_BYTES_MAX)?;
        let effect = FlushEffect::Snapshot { name: name.to_owned(), snapshot };
        let ((), commit) =
            self.log.write(self.service, |_, _| Ok::<_, StorageError>(((), Some((1, effect)))))?;
        Ok(commit)
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        Ok(self.log.read(self.service, |service| service.snapshots.get(name).cloned()))
    }
}

/// Decides on an append by optimistic concurrency control: the stream must have the expected version.
fn decide(
    service: &mut ServiceData,
    before: Position,
    append: Append,
) -> Result<(AppendDecision, Option<(u64, FlushEffect)>), AppendError> {
    let Append { stream, expected, events, writes, origin, sequence: _ } = append;
    if service.events.is_being_deleted(&stream) {
        return Err(StorageError::Unavailable(format!("{stream} is being deleted")).into());
    }
    let actual = service.events.version(&stream);
    if actual != expected {
        let stored = service.events.of_stream(&stream, expected, events.len());
        let is_repeated = stored.len() == events.len()
            && stored.iter().zip(&events).all(|(recorded, event)| recorded.id == event.id);
        return match stored.last() {
            Some(last) if is_repeated => {
                let (version, position) = (last.version, last.position);
                Ok((AppendDecision::Repeated { version, position }, None))
            }
            _ => Err(AppendError::Conflict { actual }),
        };
    }
    let count = events.len() as u64;
    for (position, event) in (before + 1..).zip(events) {
        service.events.push(&stream, position, event, origin.clone());
    }
    let (version, position) = (expected + count, before + count);
    Ok((AppendDecision::Accepted { version, position }, Some((count, FlushEffect::Events(writes)))))
}
