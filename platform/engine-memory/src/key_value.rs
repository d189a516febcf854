//! A service's small values in memory.

use crate::log::{Effect, Log};
use ::journal::Position;
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

#[derive(Debug)]
pub(crate) struct MemoryKeyValue {
    log: Arc<Log>,
    service: &'static str,
}

impl MemoryKeyValue {
    pub(crate) fn new(log: Arc<Log>, service: &'static str) -> Self {
        Self { log, service }
    }

    fn set<T>(
        &self,
        key: &str,
        decide: impl FnOnce(&Values) -> Result<(T, Option<Entry>), StorageError>,
    ) -> Result<(T, Commit), StorageError> {
        self.log.write(self.service, |service, before| {
            let (output, entry) = decide(&service.values)?;
            service.values.lay_over(key, before + 1, entry);
            Ok((output, Some((1, Effect::Value { key: key.to_owned() }))))
        })
    }
}

#[async_trait]
impl KeyValue for MemoryKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let (value, position) = self.log.read(self.service, |service| {
            let value = service.values.live(key, now).map(|entry| entry.value.clone());
            (value, service.values.pending_at(key))
        });
        if let Some(position) = position {
            drop(self.log.commit(position));
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
        let ((), commit) = self.set(key, |_| Ok(((), Some(Entry { value, expires_at }))))?;
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
        let (sum, _touched) = self.set(key, |values| {
            let old = values.live(key, now);
            let sum = counter::add(old.map(|entry| &entry.value), by)?;
            let expires_at = old.map_or(expires_at, |entry| entry.expires_at);
            Ok((sum, Some(Entry { value: counter::encode(sum), expires_at })))
        })?;
        Ok(sum)
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let expired = self.log.read(self.service, |service| service.values.expired(now, limit));
        let mut swept = 0;
        for key in expired {
            let (gone, _touched) = self.log.write(self.service, |service, before| {
                // Looked at again under the lock: somebody may have set or removed it meanwhile.
                let values = &mut service.values;
                if values.pending_at(&key).is_some() || values.live(&key, now).is_some() {
                    return Ok::<_, StorageError>((false, None));
                }
                values.lay_over(&key, before + 1, None);
                Ok((true, Some((1, Effect::Value { key: key.clone() }))))
            })?;
            swept += usize::from(gone);
        }
        Ok(swept)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    value: Bytes,
    expires_at: Option<Timestamp>,
}

/// The values of one service: the flushed ones, and what is laid over them until its flush.
#[derive(Debug, Default)]
pub(crate) struct Values {
    flushed: HashMap<String, Entry>,
    expiries: BTreeSet<(Timestamp, String)>,
    pending: HashMap<String, Vec<(Position, Option<Entry>)>>,
}

impl Values {
    fn live(&self, key: &str, now: Timestamp) -> Option<&Entry> {
        let entry = match self.pending.get(key).and_then(|laid| laid.last()) {
            Some((_, entry)) => entry.as_ref(),
            None => self.flushed.get(key),
        };
        entry.filter(|entry| entry.expires_at.is_none_or(|at| at > now))
    }

    fn pending_at(&self, key: &str) -> Option<Position> {
        self.pending.get(key)?.last().map(|(position, _)| *position)
    }

    fn lay_over(&mut self, key: &str, position: Position, entry: Option<Entry>) {
        self.pending.entry(key.to_owned()).or_default().push((position, entry));
    }

    /// What was laid over `key` at `position` is flushed.
    pub(crate) fn settle(&mut self, key: &str, position: Position) {
        let Some(laid) = self.pending.get_mut(key) else { return };
        let settled = laid.partition_point(|(at, _)| *at <= position);
        let newest = laid.drain(..settled).next_back();
        if laid.is_empty() {
            self.pending.remove(key);
        }
        let Some((_, entry)) = newest else { return };
        let old = match entry {
            Some(entry) => {
                if let Some(at) = entry.expires_at {
                    self.expiries.insert((at, key.to_owned()));
                }
                let new_expiry = entry.expires_at;
                self.flushed
                    .insert(key.to_owned(), entry)
                    .filter(|old| old.expires_at != new_expiry)
            }
            None => self.flushed.remove(key),
        };
        if let Some(at) = old.and_then(|old| old.expires_at) {
            self.expiries.remove(&(at, key.to_owned()));
        }
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Vec<String> {
        let expired = self.expiries.iter().take_while(|(at, _)| *at <= now);
        expired.take(limit).map(|(_, key)| key.clone()).collect()
    }

    /// Forgets what is not flushed.
    pub(crate) fn lose_pending(&mut self) {
        self.pending.clear();
    }
}
