//! Journal of one service.

use crate::{
    batch::WriteOperation,
    connection::DatabaseConnector,
    readers::Readers,
    recent_events::RecentEvents,
    rounds::signed,
    statements,
    writer::{WriterHandle, answer_of},
};
use ::journal::{
    Append, AppendError, Appended, DeleteError, Journal, Position, READ_EVENTS_MAX, RecordedEvent,
    SequencePlace, Snapshot, TypedEvent, Version, personal,
};
use async_trait::async_trait;
use kernel::Timestamp;
use std::sync::Arc;
use storage::{Commit, StorageError, Watermark};
use subject_keys::SubjectKeys;
use tokio_postgres::Row;

/// Journal handle of one service.
#[derive(Debug)]
pub(crate) struct PostgresJournal {
    pub(crate) connector: Arc<DatabaseConnector>,
    pub(crate) service: &'static str,
    pub(crate) writer: WriterHandle,
    pub(crate) readers: Arc<Readers>,
    pub(crate) subject_keys: Arc<SubjectKeys>,
    /// Watermark of the service's events, as far as this process knows it.
    pub(crate) events: Arc<Watermark>,
    pub(crate) recent: Arc<RecentEvents>,
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let place = append.sequence.clone();
        if let Err(error) = append.check() {
            place.inspect(SequencePlace::break_off);
            return Err(error.into());
        }
        match self.writer.submit(|reply| WriteOperation::Append { append, reply }) {
            Ok(answer) => answer_of(answer).await,
            Err(error) => {
                // It never had its place among the others.
                place.inspect(SequencePlace::give_back);
                Err(error.into())
            }
        }
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        let stream = stream.to_owned();
        self.writer.run(|reply| WriteOperation::DeleteStream { stream, expected, reply }).await?;
        Ok(Commit::durable())
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        if stream.contains('\0') {
            // Text of the database cannot hold it, so there is none.
            return Ok(Vec::new());
        }
        self.events(statements::READ, &[&stream, &signed(after), &limited(limit)]).await
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        // What is in memory lacks a write of which it is not known whether it is stored.
        self.writer.settled().await?;
        match self.recent.follow(after, limit.min(READ_EVENTS_MAX), self.events.flushed()) {
            Some(mut events) => {
                personal::open(&self.subject_keys, self.service, &mut events)?;
                Ok(events)
            }
            None => self.events(statements::FOLLOW, &[&signed(after), &limited(limit)]).await,
        }
    }

    async fn wait_beyond(&self, after: Position) {
        let beyond = after.saturating_add(1);
        loop {
            let waiting = self.events.wait_for(beyond);
            match tokio::time::timeout(self.connector.options.poll_interval, waiting).await {
                Ok(Ok(())) => return,
                // The watermark is never voided.
                Ok(Err(_)) => std::future::pending::<()>().await,
                // Perhaps another process appended. Where the database does not answer, it is asked again.
                Err(_) => {
                    if let Ok(last) = self.last_position().await {
                        self.events.advance(last);
                    }
                }
            }
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        let row = self.readers.row(statements::LAST_POSITION, &[]).await?;
        Ok(row.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        storage::check_size(snapshot.data.len(), ::journal::SNAPSHOT_BYTES_MAX)?;
        let name = name.to_owned();
        self.writer.run(|reply| WriteOperation::SaveSnapshot { name, snapshot, reply }).await?;
        Ok(Commit::durable())
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        let row = self.readers.row(statements::SNAPSHOT, &[&name]).await?;
        Ok(row.map(|row| {
            let (position, data): (i64, Vec<u8>) = (row.get(0), row.get(1));
            Snapshot { position: position.unsigned_abs(), data: data.into() }
        }))
    }
}

impl PostgresJournal {
    async fn events(
        &self,
        sql: &'static str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let rows = self.readers.query(sql, parameters).await?;
        let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        personal::open(&self.subject_keys, self.service, &mut events)?;
        Ok(events)
    }
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit.min(READ_EVENTS_MAX)).unwrap_or(i64::MAX)
}

/// Event of a row.
pub(crate) fn event(row: &Row) -> Result<RecordedEvent, StorageError> {
    let position = row.get::<_, i64>(0).unsigned_abs();
    let corrupt =
        |what| StorageError::Corrupt(format!("the {what} of the event at position {position}"));
    let recorded_at = Timestamp::new(row.get(5), row.get(6));
    let origin: Option<&str> = row.get(7);
    let data: &[u8] = row.get(8);
    Ok(RecordedEvent {
        position,
        stream: row.get(1),
        version: row.get::<_, i64>(2).unsigned_abs(),
        id: row.get(3),
        name: row.get(4),
        data: bytes::Bytes::copy_from_slice(data),
        recorded_at: recorded_at.map_err(|_| corrupt("time"))?,
        origin: origin.map(str::parse).transpose().map_err(|_| corrupt("origin"))?,
        typed: TypedEvent::default(),
    })
}
