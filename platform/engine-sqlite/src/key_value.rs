//! Key-value store of one service in the database, with a memtable of unapplied values over its table.

use crate::{
    open_log::OpenLog,
    reader_pool::storage_error,
    service::SqliteService,
    service_state::MemtableEntry,
    sql_value::bound,
    write_operation::{ValueEntry, WriteOperation},
};
use ::journal::Position;
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use rusqlite::OptionalExtension;
use std::sync::{Arc, atomic::Ordering};
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

/// Limit of one sweep, in values.
const SWEEP_VALUES_MAX: usize = 10_000;

/// Key-value store handle of one service.
#[derive(Debug)]
pub(crate) struct SqliteKeyValue {
    log: Arc<OpenLog>,
    service: Arc<SqliteService>,
}

#[async_trait]
impl KeyValue for SqliteKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let unapplied =
            self.log.with_state(&self.service, |state| state.unapplied_value(key).cloned());
        let entry = match unapplied {
            Some(MemtableEntry { position, entry }) => {
                drop(self.log.commit_at(position));
                entry
            }
            None => self.stored(key)?,
        };
        Ok(entry.filter(|entry| entry.is_live(now.as_microsecond())).map(|entry| entry.value))
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        storage::check_size(value.len(), RECORD_BYTES_MAX)?;
        let expires_at = expires_at.map(Timestamp::as_microsecond);
        self.set(key, Some(ValueEntry { value, expires_at }))
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        self.set(key, None)
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        let now = now.as_microsecond();
        let mut stored = None;
        loop {
            let mut guard = self.log.begin_write()?;
            let position = guard.next_position();
            let state = guard.state(&self.service);
            let stamp = state.value_evictions.stamp(key);
            let old = match (state.unapplied_value(key), stored.take()) {
                (Some(newest), _) => newest.entry.clone(),
                (None, Some((entry, stamp_at_miss))) if stamp_at_miss == stamp => entry,
                (None, _) => {
                    // The query runs without the lock, so that no other write waits for the disk. Its answer counts
                    // unless a newer value was applied and evicted in the meantime (ABA).
                    drop(guard);
                    stored = Some((self.stored(key)?, stamp));
                    continue;
                }
            };
            let old = old.filter(|entry| entry.is_live(now));
            let sum = counter::add(old.as_ref().map(|entry| &entry.value), by)?;
            let initial_expiry = || expires_at.map(Timestamp::as_microsecond);
            let expires_at = old.map_or_else(initial_expiry, |entry| entry.expires_at);
            let entry = Some(ValueEntry { value: counter::encode(sum), expires_at });
            state.put_value(key, MemtableEntry { position, entry: entry.clone() });
            let _commit = guard.enqueue(
                &self.service,
                1,
                WriteOperation::Value { key: key.to_owned(), entry },
            );
            return Ok(sum);
        }
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let now = now.as_microsecond();
        self.log.wait_until_all_applied().await?;
        let keys = self.expired(now, limit.min(SWEEP_VALUES_MAX))?;
        let count = keys.len();
        if count > 0 {
            // The writer compares the expiry again: a value that is set before the sweep is applied stays.
            let _commit = self.log.enqueue(&self.service, WriteOperation::Sweep { keys, now })?;
        }
        Ok(count)
    }
}

impl SqliteKeyValue {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<SqliteService>) -> Self {
        Self { log, service }
    }

    /// Sets a value; `None` removes it.
    fn set(&self, key: &str, entry: Option<ValueEntry>) -> Result<Commit, StorageError> {
        let mut guard = self.log.begin_write()?;
        let position: Position = guard.next_position();
        guard.state(&self.service).put_value(key, MemtableEntry { position, entry: entry.clone() });
        Ok(guard.enqueue(&self.service, 1, WriteOperation::Value { key: key.to_owned(), entry }))
    }

    /// Value that the table has.
    fn stored(&self, key: &str) -> Result<Option<ValueEntry>, StorageError> {
        if !self.service.created.load(Ordering::Acquire) {
            return Ok(None);
        }
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.value).map_err(storage_error)?;
            let found = select.query_row([key], |row| {
                let value = Bytes::from(row.get::<_, Vec<u8>>(0)?);
                Ok(ValueEntry { value, expires_at: row.get(1)? })
            });
            found.optional().map_err(storage_error)
        })
    }

    /// Keys of expired values in the table, the earliest first.
    fn expired(&self, now: i64, limit: usize) -> Result<Vec<String>, StorageError> {
        if !self.service.created.load(Ordering::Acquire) {
            return Ok(Vec::new());
        }
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.expired).map_err(storage_error)?;
            let keys = select
                .query_map((now, bound(limit as u64)), |row| row.get(0))
                .map_err(storage_error)?;
            keys.collect::<rusqlite::Result<_>>().map_err(storage_error)
        })
    }
}
