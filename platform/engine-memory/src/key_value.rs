//! Key-value store of one service in memory.

use crate::{
    log::{FlushEffect, MemoryLog},
    values::{MemoryValue, MemoryValues},
};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::sync::Arc;
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

/// Key-value store handle of one service.
#[derive(Debug)]
pub(crate) struct MemoryKeyValue {
    log: Arc<MemoryLog>,
    service: &'static str,
}

impl MemoryKeyValue {
    pub(crate) fn new(log: Arc<MemoryLog>, service: &'static str) -> Self {
        Self { log, service }
    }

    /// Decides on the next value of `key` (`None` removes it) under the lock, and writes it.
    fn set<T>(
        &self,
        key: &str,
        decide: impl FnOnce(&MemoryValues) -> Result<(T, Option<MemoryValue>), StorageError>,
    ) -> Result<(T, Commit), StorageError> {
        self.log.write(self.service, |service, before| {
            let (output, value) = decide(&service.values)?;
            service.values.write_pending(key, before + 1, value);
            Ok((output, Some((1, FlushEffect::Value { key: key.to_owned() }))))
        })
    }
}

#[async_trait]
impl KeyValue for MemoryKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let (value, position) = self.log.read(self.service, |service| {
            let value = service.values.live(key, now).map(|live| live.value.clone());
            (value, service.values.pending_at(key))
        });
        if let Some(position) = position {
            drop(self.log.commit_at(position));
        }
        Ok(value)
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        storage::check_size(value.len(), RECORD_BYTES_MAX)?;
        let ((), commit) = self.set(key, |_| Ok(((), Some(MemoryValue { value, expires_at }))))?;
        Ok(commit)
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        let ((), commit) = self.set(key, |_| Ok(((), None)))?;
        Ok(commit)
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        let (sum, _commit) = self.set(key, |values| {
            let old = values.live(key, now);
            let sum = counter::add(old.map(|old| &old.value), by)?;
            let expires_at = old.map_or(expires_at, |old| old.expires_at);
            Ok((sum, Some(MemoryValue { value: counter::encode(sum), expires_at })))
        })?;
        Ok(sum)
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let expired = self.log.read(self.service, |service| service.values.expired(now, limit));
        let mut swept = 0;
        for key in expired {
            let (is_expired, _commit) = self.log.write(self.service, |service, before| {
                // Checked again under the lock: the value may have been set or removed in the meantime.
                let values = &mut service.values;
                if values.pending_at(&key).is_some() || values.live(&key, now).is_some() {
                    return Ok::<_, StorageError>((false, None));
                }
                values.write_pending(&key, before + 1, None);
                Ok((true, Some((1, FlushEffect::Value { key: key.clone() }))))
            })?;
            swept += usize::from(is_expired);
        }
        Ok(swept)
    }
}
