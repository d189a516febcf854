//! A service's journal in the database.

use crate::{
    encoding::{self, Row},
    engine::OpenLog,
    log::Deciding,
    operation::Operation,
    readers::{number, unreadable},
    service::Service,
};
use ::journal::{
    Append, AppendError, Appended, Journal, NewEvent, Position, READ_EVENTS_MAX, RecordedEvent,
    SNAPSHOT_BYTES_MAX, Snapshot, Version,
};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Params};
use std::sync::{Arc, atomic::Ordering};
use storage::{Commit, StorageError};

#[derive(Debug)]
pub(crate) struct SqliteJournal {
    log: Arc<OpenLog>,
    service: Arc<Service>,
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let events = encoding::encode(&append.events);
        let (mut deciding, actual) = self.head(&append.stream)?;
        if actual != append.expected {
            drop(deciding);
            return self.repeated(&append, actual);
        }
        let Append { stream, expected, events: new, writes } = append;
        let (count, first_position) = (new.len() as u64, deciding.next_position());
        let row =
            Arc::new(Row { stream, first_version: expected + 1, first_position, count, events });
        deciding.state(&self.service).append(&row);
        let (version, position) = (row.last_version(), row.last_position());
        let commit = deciding.take(&self.service, count, Operation::Append { row, writes });
        Ok(Appended { version, position, commit })
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let (events, unflushed) = self.events_of(stream, after, limit.min(READ_EVENTS_MAX))?;
        if let Some(position) = unflushed {
            drop(self.log.commit(position));
        }
        Ok(events)
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let limit = limit.min(READ_EVENTS_MAX);
        if self.service.last_position.load(Ordering::Acquire) <= after {
            return Ok(Vec::new());
        }
        let flushed = self.log.tail.flushed();
        let (table_until, recent) = self.log.look(&self.service, |state| {
            let recent = &state.recent;
            (recent.table_until(after), recent.between(after, flushed, limit))
        });
        let mut events = Vec::new();
        if let Some(until) = table_until {
            let places = (number(after), number(until.min(flushed)));
            self.log.readers.read(|connection| {
                rows(connection, &self.service.tables.follow, places, |row| {
                    row.decode(|position, _| position > after, limit, &mut events)?;
                    Ok(events.len() < limit)
                })
            })?;
        }
        for row in recent {
            if events.len() >= limit {
                break;
            }
            row.decode(|position, _| position > after, limit, &mut events)?;
        }
        Ok(events)
    }

    async fn wait_beyond(&self, after: Position) {
        if self.service.followed.wait_for(after.saturating_add(1)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        Ok(self.service.last_position.load(Ordering::Acquire))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), SNAPSHOT_BYTES_MAX)?;
        self.log.queue(&self.service, Operation::Snapshot { name: name.to_owned(), snapshot })
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        if !self.is_created() {
            return Ok(None);
        }
        self.log.tables_have_all().await?;
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.snapshot).map_err(unreadable)?;
            let found = select.query_row([name], |row| {
                let (position, data): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
                Ok(Snapshot { position: position.cast_unsigned(), data: data.into() })
            });
            found.optional().map_err(unreadable)
        })
    }
}

impl SqliteJournal {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<Service>) -> Self {
        Self { log, service }
    }

    fn is_created(&self) -> bool {
        self.service.created.load(Ordering::Acquire)
    }

    /// How many events the stream has, and the lock under which this stays so.
    fn head(&self, stream: &str) -> Result<(Deciding<'_>, Version), StorageError> {
        let mut deciding = self.log.decide()?;
        loop {
            if let Some(version) = deciding.state(&self.service).head(stream) {
                return Ok((deciding, version));
            }
            let mark = deciding.state(&self.service).heads_gone.stamp(stream);
            // The database is asked without the lock, so that nobody waits for a disk.
            drop(deciding);
            let stored = self.stored_head(stream)?;
            deciding = self.log.decide()?;
            deciding.state(&self.service).keep_stored_head(stream, stored, mark);
        }
    }

    fn stored_head(&self, stream: &str) -> Result<Version, StorageError> {
        if !self.is_created() {
            return Ok(0);
        }
        self.log.readers.read(|connection| {
            let mut head =
                connection.prepare_cached(&self.service.tables.head).map_err(unreadable)?;
            let version = head
                .query_row([stream], |row| row.get::<_, i64>(0))
                .optional()
                .map_err(unreadable)?;
            Ok(version.unwrap_or(0).cast_unsigned())
        })
    }

    /// The answer to an append at a version the stream does not have: the same events again are no conflict.
    fn repeated(&self, append: &Append, actual: Version) -> Result<Appended, AppendError> {
        if append.expected < actual {
            let (there, _) =
                self.events_of(&append.stream, append.expected, append.events.len())?;
            let same = |(recorded, event): (&RecordedEvent, &NewEvent)| recorded.id == event.id;
            if there.len() == append.events.len()
                && there.iter().zip(&append.events).all(same)
                && let Some(last) = there.last()
            {
                let (version, position) = (last.version, last.position);
                return Ok(Appended { version, position, commit: self.log.commit(position) });
            }
        }
        Err(AppendError::Conflict { actual })
    }

    /// Up to `limit` events of a stream, flushed or not; and the position of the last that was not when the log was
    /// asked.
    fn events_of(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<Position>), StorageError> {
        let (pending, head, mark) = self.log.look(&self.service, |state| {
            (state.pending(stream), state.head(stream), state.heads_gone.stamp(stream))
        });
        let pending_from = pending.first().map_or(Version::MAX, |row| row.first_version);
        let wanted = |_, version| version > after;
        let mut events = Vec::new();
        let is_beyond = |head: Version| head <= after;
        if after.saturating_add(1) < pending_from
            && !head.is_some_and(is_beyond)
            && self.is_created()
        {
            let sql = &self.service.tables.read;
            let versions = (stream, number(after.saturating_add(1)), number(pending_from));
            let mut is_there = false;
            self.log.readers.read(|connection| {
                rows(connection, sql, versions, |row| {
                    is_there = true;
                    row.decode(wanted, limit, &mut events)?;
                    Ok(events.len() < limit)
                })
            })?;
            if !is_there && after == 0 && pending.is_empty() {
                // Who asks for a stream that is not there is about to begin it.
                self.log.look(&self.service, |state| state.keep_stored_head(stream, 0, mark));
            }
        }
        let mut unflushed = None;
        for row in pending.iter().filter(|row| row.last_version() > after) {
            if events.len() >= limit {
                break;
            }
            row.decode(wanted, limit, &mut events)?;
            unflushed = Some(row.last_position());
        }
        Ok((events, unflushed))
    }
}

/// Hands over row after row until `take` has enough.
fn rows(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut take: impl FnMut(&Row) -> Result<bool, StorageError>,
) -> Result<(), StorageError> {
    let mut select = connection.prepare_cached(sql).map_err(unreadable)?;
    let mut rows = select.query(parameters).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        if !take(&row_of(row).map_err(unreadable)?)? {
            break;
        }
    }
    Ok(())
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(Row {
        first_position: number(0)?,
        stream: row.get(1)?,
        first_version: number(2)?,
        count: number(3)?,
        events: Bytes::from(row.get::<_, Vec<u8>>(4)?),
    })
}
