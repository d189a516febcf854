//! Values of one service, flushed and unflushed, with an index of their expiries.

use ::journal::Position;
use bytes::Bytes;
use kernel::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Value with its expiry.
#[derive(Clone, Debug)]
pub(crate) struct MemoryValue {
    pub(crate) value: Bytes,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Values of one service: a memtable of unflushed versions over the flushed values.
#[derive(Debug, Default)]
pub(crate) struct MemoryValues {
    flushed: HashMap<String, MemoryValue>,
    expiries: BTreeSet<(Timestamp, String)>,
    /// Unflushed versions of each key, oldest first; `None` is a tombstone.
    pending: HashMap<String, Vec<(Position, Option<MemoryValue>)>>,
}

impl MemoryValues {
    /// Newest version of `key`, flushed or not, unless it is removed or expired.
    pub(crate) fn live(&self, key: &str, now: Timestamp) -> Option<&MemoryValue> {
        let newest = match self.pending.get(key).and_then(|versions| versions.last()) {
            Some((_, version)) => version.as_ref(),
            None => self.flushed.get(key),
        };
        newest.filter(|value| value.expires_at.is_none_or(|at| at > now))
    }

    /// Position of the newest unflushed version of `key`.
    pub(crate) fn pending_at(&self, key: &str) -> Option<Position> {
        self.pending.get(key)?.last().map(|(position, _)| *position)
    }

    /// Adds an unflushed version of `key`.
    pub(crate) fn write_pending(
        &mut self,
        key: &str,
        position: Position,
        value: Option<MemoryValue>,
    ) {
        self.pending.entry(key.to_owned()).or_default().push((position, value));
    }

    /// Moves the versions of `key` up to `position`, which are flushed now, to the flushed values.
    pub(crate) fn apply_flushed(&mut self, key: &str, position: Position) {
        let Some(versions) = self.pending.get_mut(key) else { return };
        let flushed_count = versions.partition_point(|(at, _)| *at <= position);
        let newest = versions.drain(..flushed_count).next_back();
        if versions.is_empty() {
            self.pending.remove(key);
        }
        let Some((_, value)) = newest else { return };
        let old = match value {
            Some(value) => {
                if let Some(at) = value.expires_at {
                    self.expiries.insert((at, key.to_owned()));
                }
                let new_expiry = value.expires_at;
                self.flushed
                    .insert(key.to_owned(), value)
                    .filter(|old| old.expires_at != new_expiry)
            }
            None => self.flushed.remove(key),
        };
        if let Some(at) = old.and_then(|old| old.expires_at) {
            self.expiries.remove(&(at, key.to_owned()));
        }
    }

    /// Up to `limit` flushed keys that have expired, the earliest first.
    pub(crate) fn expired(&self, now: Timestamp, limit: usize) -> Vec<String> {
        let expired = self.expiries.iter().take_while(|(at, _)| *at <= now);
        expired.take(limit).map(|(_, key)| key.clone()).collect()
    }

    /// Discards the unflushed versions.
    pub(crate) fn discard_pending(&mut self) {
        self.pending.clear();
    }
}
