//! Journal of one service in the database.

use crate::{
    append_row::{self, AppendRow},
    log::WriteGuard,
    open_log::OpenLog,
    reader_pool::storage_error,
    service::SqliteService,
    sql_value::bound,
    write_operation::WriteOperation,
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

/// Journal handle of one service.
#[derive(Debug)]
pub(crate) struct SqliteJournal {
    log: Arc<OpenLog>,
    service: Arc<SqliteService>,
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let events = append_row::encode(&append.events, append.origin.as_ref());
        let (mut guard, actual) = self.head(&append.stream)?;
        if guard.state(&self.service).is_being_deleted(&append.stream) {
            let reason = format!("{} is being deleted", append.stream);
            return Err(StorageError::Unavailable(reason).into());
        }
        if actual != append.expected {
            drop(guard);
            return self.repeated_append(&append, actual);
        }
        let Append { stream, expected, events: new, writes, origin: _ } = append;
        let (count, first_position) = (new.len() as u64, guard.next_position());
        let typed = new.into_iter().map(|event| event.typed).collect();
        let row = Arc::new(AppendRow {
            stream,
            first_version: expected + 1,
            first_position,
            count,
            events,
            typed,
        });
        guard.state(&self.service).append(&row);
        let (version, position) = (row.last_version(), row.last_position());
        let commit = guard.enqueue(&self.service, count, WriteOperation::Append { row, writes });
        Ok(Appended { version, position, commit })
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, AppendError> {
        let before = |reason: &str| StorageError::Unavailable(format!("{stream} {reason}"));
        self.log.wait_until_all_applied().await?;
        let (last, _) = self.events_of(stream, expected.saturating_sub(1), 1)?;
        let (mut guard, actual) = self.head(stream)?;
        if actual != expected {
            return Err(AppendError::Conflict { actual });
        }
        let Some(last) = last.first() else { return Ok(Commit::durable()) };
        if last.position >= self.service.last_position.load(Ordering::Acquire) {
            return Err(before("has the last event of its service").into());
        }
        let state = guard.state(&self.service);
        if !state.pending(stream).is_empty() {
            return Err(before("has an event that the tables lack").into());
        }
        state.delete_stream(stream);
        let operation = WriteOperation::DeleteStream { stream: stream.to_owned() };
        Ok(guard.enqueue(&self.service, 1, operation))
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let (events, unflushed) = self.events_of(stream, after, limit.min(READ_EVENTS_MAX))?;
        if let Some(position) = unflushed {
            drop(self.log.commit_at(position));
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
        let flushed = self.log.watermark.flushed();
        let (table_until, recent) = self.log.with_state(&self.service, |state| {
            let recent = &state.recent;
            (recent.table_until(after), recent.between(after, flushed, limit))
        });
        let mut events = Vec::new();
        if let Some(until) = table_until {
            let range = (bound(after), bound(until.min(flushed)));
            self.log.readers.read(|connection| {
                rows(connection, &self.service.tables.follow, range, |row| {
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
        if self.service.events_watermark.wait_for(after.saturating_add(1)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        Ok(self.service.last_position.load(Ordering::Acquire))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), SNAPSHOT_BYTES_MAX)?;
        self.log
            .enqueue(&self.service, WriteOperation::Snapshot { name: name.to_owned(), snapshot })
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        if !self.is_created() {
            return Ok(None);
        }
        self.log.wait_until_all_applied().await?;
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.snapshot).map_err(storage_error)?;
            let found = select.query_row([name], |row| {
                let (position, data): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
                Ok(Snapshot { position: position.cast_unsigned(), data: data.into() })
            });
            found.optional().map_err(storage_error)
        })
    }
}

impl SqliteJournal {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<SqliteService>) -> Self {
        Self { log, service }
    }

    fn is_created(&self) -> bool {
        self.service.created.load(Ordering::Acquire)
    }

    /// Current version of the stream, and the lock under which it stays current.
    fn head(&self, stream: &str) -> Result<(WriteGuard<'_>, Version), StorageError> {
        let mut guard = self.log.begin_write()?;
        loop {
            if let Some(version) = guard.state(&self.service).head(stream) {
                return Ok((guard, version));
            }
            let stamp = guard.state(&self.service).head_evictions.stamp(stream);
            // The query runs without the lock, so that no other write waits for the disk.
            drop(guard);
            let stored = self.stored_head(stream)?;
            guard = self.log.begin_write()?;
            guard.state(&self.service).cache_stored_head(stream, stored, stamp);
        }
    }

    /// Version of the stream in the table; 0 when it has no events there.
    fn stored_head(&self, stream: &str) -> Result<Version, StorageError> {
        if !self.is_created() {
            return Ok(0);
        }
        self.log.readers.read(|connection| {
            let mut head =
                connection.prepare_cached(&self.service.tables.head).map_err(storage_error)?;
            let version = head
                .query_row([stream], |row| row.get::<_, i64>(0))
                .optional()
                .map_err(storage_error)?;
            Ok(version.unwrap_or(0).cast_unsigned())
        })
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

    /// Up to `limit` events of a stream, applied to the table or pending, and the position of the last pending one.
    fn events_of(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<Position>), StorageError> {
        let (is_deleted, pending, head, stamp) = self.log.with_state(&self.service, |state| {
            let stamp = state.head_evictions.stamp(stream);
            (state.is_being_deleted(stream), state.pending(stream), state.head(stream), stamp)
        });
        if is_deleted {
            return Ok((Vec::new(), None));
        }
        let pending_from = pending.first().map_or(Version::MAX, |row| row.first_version);
        let is_wanted = |_, version| version > after;
        let mut events = Vec::new();
        let is_beyond = |head: Version| head <= after;
        if after.saturating_add(1) < pending_from
            && !head.is_some_and(is_beyond)
            && self.is_created()
        {
            let sql = &self.service.tables.read;
            let versions = (stream, bound(after.saturating_add(1)), bound(pending_from));
            let mut exists = false;
            self.log.readers.read(|connection| {
                rows(connection, sql, versions, |row| {
                    exists = true;
                    row.decode(is_wanted, limit, &mut events)?;
                    Ok(events.len() < limit)
                })
            })?;
            if !exists && after == 0 && pending.is_empty() {
                // Negative caching: a caller that reads a missing stream is usually about to create it.
                self.log
                    .with_state(&self.service, |state| state.cache_stored_head(stream, 0, stamp));
            }
        }
        let mut unflushed = None;
        for row in pending.iter().filter(|row| row.last_version() > after) {
            if events.len() >= limit {
                break;
            }
            row.decode(is_wanted, limit, &mut events)?;
            unflushed = Some(row.last_position());
        }
        Ok((events, unflushed))
    }
}

/// Passes the rows of a query to `take` until it returns false.
fn rows(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut take: impl FnMut(&AppendRow) -> Result<bool, StorageError>,
) -> Result<(), StorageError> {
    let mut select = connection.prepare_cached(sql).map_err(storage_error)?;
    let mut rows = select.query(parameters).map_err(storage_error)?;
    while let Some(row) = rows.next().map_err(storage_error)? {
        if !take(&row_of(row).map_err(storage_error)?)? {
            break;
        }
    }
    Ok(())
}

/// Row of the journal table.
fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<AppendRow> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(AppendRow {
        first_position: number(0)?,
        stream: row.get(1)?,
        first_version: number(2)?,
        count: number(3)?,
        events: Bytes::from(row.get::<_, Vec<u8>>(4)?),
        typed: Vec::new(),
    })
}
