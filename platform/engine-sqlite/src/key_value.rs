//! A service's small values in the database, with what its table does not have yet laid over them in memory.

use crate::{
    engine::OpenLog,
    operation::{Entry, Operation},
    readers::{number, unreadable},
    service::{Laid, Service},
};
use ::journal::Position;
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use rusqlite::OptionalExtension;
use std::sync::{Arc, atomic::Ordering};
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

/// The most values of one sweep.
const SWEEP_VALUES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct SqliteKeyValue {
    log: Arc<OpenLog>,
    service: Arc<Service>,
}

#[async_trait]
impl KeyValue for SqliteKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let laid_over = self.log.look(&self.service, |state| state.laid_over(key).cloned());
        let entry = match laid_over {
            Some(Laid { position, entry }) => {
                drop(self.log.commit(position));
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
        self.set(key, Some(Entry { value, expires_at }))
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
            let mut deciding = self.log.decide()?;
            let position = deciding.next_position();
            let state = deciding.state(&self.service);
            let mark = state.values_gone.stamp(key);
            let old = match (state.laid_over(key), stored.take()) {
                (Some(laid), _) => laid.entry.clone(),
                (None, Some((entry, seen))) if seen == mark => entry,
                (None, _) => {
                    // The database is asked without the lock, so that nobody waits for a disk. Its answer counts
                    // unless a newer value was flushed and forgotten meanwhile.
                    drop(deciding);
                    stored = Some((self.stored(key)?, mark));
                    continue;
                }
            };
            let old = old.filter(|entry| entry.is_live(now));
            let sum = counter::add(old.as_ref().map(|entry| &entry.value), by)?;
            let begun = || expires_at.map(Timestamp::as_microsecond);
            let expires_at = old.map_or_else(begun, |entry| entry.expires_at);
            let entry = Some(Entry { value: counter::encode(sum), expires_at });
            state.lay_over(key, Laid { position, entry: entry.clone() });
            let _touched =
                deciding.take(&self.service, 1, Operation::Value { key: key.to_owned(), entry });
            return Ok(sum);
        }
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let now = now.as_microsecond();
        self.log.tables_have_all().await?;
        let keys = self.expired(now, limit.min(SWEEP_VALUES_MAX))?;
        let count = keys.len();
        if count > 0 {
            // The writer looks at the time again: a value that is set anew before its turn stays.
            let _touched = self.log.queue(&self.service, Operation::Sweep { keys, now })?;
        }
        Ok(count)
    }
}

impl SqliteKeyValue {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<Service>) -> Self {
        Self { log, service }
    }

    fn set(&self, key: &str, entry: Option<Entry>) -> Result<Commit, StorageError> {
        let mut deciding = self.log.decide()?;
        let position: Position = deciding.next_position();
        deciding.state(&self.service).lay_over(key, Laid { position, entry: entry.clone() });
        Ok(deciding.take(&self.service, 1, Operation::Value { key: key.to_owned(), entry }))
    }

    fn stored(&self, key: &str) -> Result<Option<Entry>, StorageError> {
        if !self.service.created.load(Ordering::Acquire) {
            return Ok(None);
        }
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.value).map_err(unreadable)?;
            let found = select.query_row([key], |row| {
                let value = Bytes::from(row.get::<_, Vec<u8>>(0)?);
                Ok(Entry { value, expires_at: row.get(1)? })
            });
            found.optional().map_err(unreadable)
        })
    }

    fn expired(&self, now: i64, limit: usize) -> Result<Vec<String>, StorageError> {
        if !self.service.created.load(Ordering::Acquire) {
            return Ok(Vec::new());
        }
        self.log.readers.read(|connection| {
            let mut select =
                connection.prepare_cached(&self.service.tables.expired).map_err(unreadable)?;
            let keys = select
                .query_map((now, number(limit as u64)), |row| row.get(0))
                .map_err(unreadable)?;
            keys.collect::<rusqlite::Result<_>>().map_err(unreadable)
        })
    }
}
