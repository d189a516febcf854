//! Key-value store of one service in the log.

use crate::{
    frame::Location,
    index::{EntryKind, expiry_key, highest, lowest},
    log::{NewRecord, SegmentedLog},
    lookup::{RecordName, RecordRequest},
    open_log::RunningLog,
    record::{LocatedRecord, RecordEncoder, RecordOperation, ValueView, text},
    service::LogService,
};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::sync::Arc;
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

/// Limit of one sweep, in values.
const SWEEP_VALUES_MAX: usize = 10_000;
/// Expiries that a sweep looks at between two looks at the log.
const SWEEP_CHUNK: usize = 1_024;

/// Key-value store handle of one service.
#[derive(Debug)]
pub(crate) struct LogKeyValue {
    log: Arc<RunningLog>,
    service: Arc<LogService>,
}

#[async_trait]
impl KeyValue for LogKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let (mut guard, record) = self.log.newest(&self.wanted(key), |log| Ok(log.lock()))?;
        let swept = guard.service(&self.service).swept;
        drop(guard);
        let Some(record) = record else { return Ok(None) };
        drop(self.log.commit_at(record.position));
        Ok(live_value(&record, now.as_microsecond(), swept)?
            .map(|value| record.payload.slice_ref(value.value)))
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        storage::check_size(value.len(), RECORD_BYTES_MAX)?;
        let expires_at = expires_at.map(Timestamp::as_microsecond);
        self.set(key, Some(ValueView { value: &value, expires_at }))
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
        let (mut guard, record) = self.log.newest(&self.wanted(key), SegmentedLog::begin_write)?;
        let swept = guard.service(&self.service).swept;
        let old = record
            .as_ref()
            .map_or(Ok(None), |record| live_value(record, now.as_microsecond(), swept))?;
        let sum = counter::add(old.map(|old| Bytes::copy_from_slice(old.value)).as_ref(), by)?;
        let expires_at =
            old.map_or_else(|| expires_at.map(Timestamp::as_microsecond), |old| old.expires_at);
        let entry = ValueView { value: &counter::encode(sum), expires_at };
        let payload = RecordEncoder::value(&self.service.name, key, Some(entry));
        let key = self.log.hash.of(key.as_bytes());
        let _commit = guard.enqueue(&self.service, NewRecord::plain(payload, key))?;
        Ok(sum)
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let limit = limit.min(SWEEP_VALUES_MAX);
        let space = EntryKind::Expiry.of(self.service.spaces);
        let until = highest(space, expiry_key(now.as_microsecond()));
        let (mut key, mut order, _) = self.log.lock().service(&self.service).swept;
        let (begin, mut count, mut has_more) = ((key, order), 0, true);
        while count < limit && has_more {
            let from = lowest(space, key, order.saturating_add(1));
            if from > until {
                break;
            }
            let (more, expired) =
                self.log.gather((from, until), Location(0), SWEEP_CHUNK, |_, _| true)?;
            has_more = more;
            for (entry, record) in &expired {
                if count == limit {
                    break;
                }
                if let Some(record) = record {
                    count += usize::from(self.is_newest(record)?);
                }
                (key, order) = (entry.key, entry.order);
            }
        }
        if (key, order) != begin {
            let payload = RecordEncoder::sweep(&self.service.name, key, order);
            let mut guard = self.log.begin_write()?;
            let swept = guard.service(&self.service).swept;
            // Another sweep may have come further meanwhile: what is gone stays gone.
            if (key, order) > (swept.0, swept.1) {
                let _commit = guard.enqueue(&self.service, NewRecord::plain(payload, 0))?;
            }
        }
        Ok(count)
    }
}

impl LogKeyValue {
    pub(crate) fn new(log: Arc<RunningLog>, service: Arc<LogService>) -> Self {
        Self { log, service }
    }

    fn wanted<'a>(&'a self, key: &'a str) -> RecordRequest<'a> {
        RecordRequest {
            service: &self.service,
            kind: EntryKind::Value,
            name: RecordName::Plain(key),
            after: 0,
            key: self.log.hash.of(key.as_bytes()),
        }
    }

    /// Sets a value; `None` removes it.
    fn set(&self, key: &str, entry: Option<ValueView<'_>>) -> Result<Commit, StorageError> {
        let payload = RecordEncoder::value(&self.service.name, key, entry);
        let key = self.log.hash.of(key.as_bytes());
        Ok(self.log.begin_write()?.enqueue(&self.service, NewRecord::plain(payload, key))?.1)
    }

    /// Whether the value has not been replaced or removed.
    fn is_newest(&self, record: &LocatedRecord) -> Result<bool, StorageError> {
        let view = record.view()?;
        let RecordOperation::Value { key, .. } = view.operation else { return Ok(false) };
        let Some(key) = text(key).filter(|_| view.service == self.service.name.as_bytes()) else {
            return Ok(false);
        };
        let (_guard, newest) = self.log.newest(&self.wanted(key), |log| Ok(log.lock()))?;
        Ok(newest.is_some_and(|newest| newest.location == record.location))
    }
}

/// Value of a record, unless it was removed, has expired, or was swept.
fn live_value(
    record: &LocatedRecord,
    now: i64,
    swept: (u64, u64, Location),
) -> Result<Option<ValueView<'_>>, StorageError> {
    let RecordOperation::Value { entry, .. } = record.view()?.operation else { return Ok(None) };
    Ok(entry.filter(|entry| entry.is_live(now) && !is_swept(record, entry, swept)))
}

/// Whether a sweep has deleted the value of a record.
pub(crate) fn is_swept(
    record: &LocatedRecord,
    value: &ValueView<'_>,
    (key, order, location): (u64, u64, Location),
) -> bool {
    let is_swept =
        |at: i64| record.location < location && (expiry_key(at), record.position) <= (key, order);
    value.expires_at.is_some_and(is_swept)
}
