//! Byte budget of the stored responses of one service: beyond it, the oldest ones go before their time.
//!
//! No effect happens twice because a response went: its request, when it is repeated, is executed again, and finds the
//! first effect by the id that is derived from the key ([`IdempotencyKey::operation`](crate::IdempotencyKey::operation)).

use kernel::{Ids, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use storage::{KeyValue, StorageError};
use tokio::sync::Notify;

/// Bytes of new responses after which the budget is checked at once.
const UNCHECKED_BYTES_MAX: u64 = 4 << 20;
/// Share of the budget that is freed at once: one in so many.
const FREED_SHARE: u64 = 16;
/// Estimate of what a response takes in storage besides its key and value: a row, and an entry in two indexes, in bytes.
const RECORD_OVERHEAD_BYTES: u64 = 80;
/// Maximum number of responses that are deleted at once.
const DELETED_RECORDS_MAX: usize = 1_000;
/// Interval at which expired responses are deleted, and the sizes are saved.
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);
/// Storage key of the saved sizes. A crash loses those of one interval.
const SIZES_KEY: &str = "idempotency sizes";

/// Byte budget of the stored responses of one service.
#[derive(Debug, Default)]
pub(super) struct ByteBudget {
    sizes: Mutex<Sizes>,
    check: Notify,
}

/// Sizes of the stored responses, by the hour in which they expire.
#[derive(Debug, Default)]
struct Sizes {
    by_hour: BTreeMap<i64, Size>,
    unchecked_bytes: u64,
    are_saved: bool,
}

/// Size of some stored responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Size {
    records: u64,
    bytes: u64,
}

impl ByteBudget {
    /// Counts a stored response: the length of its key and value, and when it expires.
    pub(super) fn count(&self, length: usize, expires_at: Timestamp) {
        let mut sizes = self.sizes.lock();
        sizes.add(
            hour_of(expires_at),
            Size { records: 1, bytes: length as u64 + RECORD_OVERHEAD_BYTES },
        );
        if sizes.unchecked_bytes > UNCHECKED_BYTES_MAX {
            sizes.unchecked_bytes = 0;
            self.check.notify_one();
        }
    }

    /// Deletes expired responses, and the oldest ones beyond `bytes_max`, for ever.
    pub(super) async fn maintain(&self, values: &dyn KeyValue, ids: &Ids, bytes_max: u64) {
        self.load(values, ids.now()).await;
        loop {
            tokio::select! {
                () = tokio::time::sleep(MAINTENANCE_INTERVAL) => {}
                () = self.check.notified() => {}
            }
            // What could not be deleted or saved is invisible to reads, or tried again in the next round.
            if let Err(error) = self.tidy(values, ids.now(), bytes_max).await {
                tracing::warn!(%error, "stored responses are kept for now");
                tokio::time::sleep(MAINTENANCE_INTERVAL).await;
            }
        }
    }

    async fn tidy(
        &self,
        values: &dyn KeyValue,
        now: Timestamp,
        bytes_max: u64,
    ) -> Result<(), StorageError> {
        while values.sweep(now, DELETED_RECORDS_MAX).await? == DELETED_RECORDS_MAX {
            tokio::task::yield_now().await;
        }
        self.sizes.lock().forget_before(hour_of(now));
        if self.sizes.lock().bytes() > bytes_max {
            tracing::info!("the oldest stored responses go, for the sake of new ones");
            self.make_room(values, bytes_max - bytes_max / FREED_SHARE).await?;
        }
        self.save(values).await
    }

    /// Deletes the responses that expire first until the others take at most `bytes`.
    async fn make_room(&self, values: &dyn KeyValue, bytes: u64) -> Result<(), StorageError> {
        loop {
            let Some(hour) = self.sizes.lock().oldest_beyond(bytes) else { return Ok(()) };
            let deleted = values.sweep(end_of(hour), DELETED_RECORDS_MAX).await?;
            self.sizes.lock().deleted(hour, deleted);
            tokio::task::yield_now().await;
        }
    }

    async fn load(&self, values: &dyn KeyValue, now: Timestamp) {
        let saved = match values.value(SIZES_KEY, now).await {
            Ok(saved) => saved.unwrap_or_else(|| "{}".into()),
            Err(error) => {
                tracing::warn!(%error, "the sizes of the stored responses cannot be read");
                return;
            }
        };
        match serde_json::from_slice::<BTreeMap<i64, Size>>(&saved) {
            Ok(saved) => {
                let mut sizes = self.sizes.lock();
                for (hour, size) in saved {
                    sizes.add(hour, size);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the sizes of the stored responses are malformed");
            }
        }
    }

    async fn save(&self, values: &dyn KeyValue) -> Result<(), StorageError> {
        let sizes = {
            let mut sizes = self.sizes.lock();
            if std::mem::replace(&mut sizes.are_saved, true) {
                return Ok(());
            }
            serde_json::to_vec(&sizes.by_hour).expect("numbers are always JSON")
        };
        let saved = values.put(SIZES_KEY, sizes.into(), None).await;
        self.sizes.lock().are_saved &= saved.is_ok();
        saved.map(drop)
    }
}

impl Sizes {
    fn bytes(&self) -> u64 {
        self.by_hour.values().map(|size| size.bytes).sum()
    }

    fn add(&mut self, hour: i64, more: Size) {
        let size = self.by_hour.entry(hour).or_default();
        size.records += more.records;
        size.bytes += more.bytes;
        self.unchecked_bytes += more.bytes;
        self.are_saved = false;
    }

    /// The hour in which the next responses expire, if all take more than `bytes`.
    fn oldest_beyond(&self, bytes: u64) -> Option<i64> {
        self.by_hour.first_key_value().filter(|_| self.bytes() > bytes).map(|(hour, _)| *hour)
    }

    /// So many responses that expired in this hour were deleted; with fewer than were to be, all of them.
    fn deleted(&mut self, hour: i64, deleted: usize) {
        self.are_saved = false;
        let Some(size) = self.by_hour.get_mut(&hour) else { return };
        let count = deleted as u64;
        if deleted < DELETED_RECORDS_MAX || count >= size.records {
            self.by_hour.remove(&hour);
            return;
        }
        // Their sizes are not known one by one.
        size.bytes -= size.bytes / size.records * count;
        size.records -= count;
    }

    fn forget_before(&mut self, hour: i64) {
        let later = self.by_hour.split_off(&hour);
        self.are_saved &= self.by_hour.is_empty();
        self.by_hour = later;
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3_600)
}

/// The last moment of an hour.
fn end_of(hour: i64) -> Timestamp {
    let second = hour.saturating_add(1).saturating_mul(3_600);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}
