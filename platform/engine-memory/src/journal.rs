//! A service's journal in memory.

use crate::log::{Effect, Log, Service};
use ::journal::{
    Append, AppendError, Appended, Journal, Position, READ_EVENTS_MAX, RecordedEvent, Snapshot,
    Version,
};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{Commit, StorageError, durability};

#[derive(Debug)]
pub(crate) struct MemoryJournal {
    log: Arc<Log>,
    service: &'static str,
}

impl MemoryJournal {
    pub(crate) fn new(log: Arc<Log>, service: &'static str) -> Self {
        Self { log, service }
    }
}

/// What an append came to, before it has its commit.
enum Decided {
    Taken { version: Version, position: Position },
    Repeated { version: Version, position: Position },
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let (decided, commit) =
            self.log.write(self.service, |service, before| decide(service, before, append))?;
        Ok(match decided {
            Decided::Taken { version, position } => Appended { version, position, commit },
            Decided::Repeated { version, position } => {
                Appended { version, position, commit: self.log.commit(position) }
            }
        })
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let limit = limit.min(READ_EVENTS_MAX);
        let events =
            self.log.read(self.service, |service| service.events.of_stream(stream, after, limit));
        if let Some(last) = events.last() {
            durability::depend_on(&self.log.commit(last.position));
        }
        Ok(events)
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let (limit, mut flushed) = (limit.min(READ_EVENTS_MAX), self.log.tail().flushed());
        if kernel::defects::planted("feed_shows_unflushed") {
            flushed = Position::MAX;
        }
        Ok(self.log.read(self.service, |service| service.events.between(after, flushed, limit)))
    }

    async fn wait_beyond(&self, after: Position) {
        let followed = self.log.read(self.service, |service| Arc::clone(&service.followed));
        if followed.wait_for(after.saturating_add(1)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        let flushed = self.log.tail().flushed();
        Ok(self.log.read(self.service, |service| service.events.last_position(flushed)))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), ::journal::SNAPSHOT_BYTES_MAX)?;
        let effect = Effect::Snapshot { name: name.to_owned(), snapshot };
        let ((), commit) =
            self.log.write(self.service, |_, _| Ok::<_, StorageError>(((), Some((1, effect)))))?;
        Ok(commit)
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        Ok(self.log.read(self.service, |service| service.snapshots.get(name).cloned()))
    }
}

fn decide(
    service: &mut Service,
    before: Position,
    append: Append,
) -> Result<(Decided, Option<(u64, Effect)>), AppendError> {
    let Append { stream, expected, events, writes } = append;
    let actual = service.events.version(&stream);
    if actual != expected {
        let there = service.events.of_stream(&stream, expected, events.len());
        let repeated = there.len() == events.len()
            && there.iter().zip(&events).all(|(recorded, event)| recorded.id == event.id);
        return match there.last() {
            Some(last) if repeated => {
                let (version, position) = (last.version, last.position);
                Ok((Decided::Repeated { version, position }, None))
            }
            _ => Err(AppendError::Conflict { actual }),
        };
    }
    let count = events.len() as u64;
    for (position, event) in (before + 1..).zip(events) {
        service.events.push(&stream, position, event);
    }
    let (version, position) = (expected + count, before + count);
    Ok((Decided::Taken { version, position }, Some((count, Effect::Events(writes)))))
}
