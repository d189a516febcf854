//! Options of the engine, with their defaults.

use std::{num::NonZeroUsize, time::Duration};

/// Options of the engine. The defaults suit one process on one machine; tests make limits small to reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Disk reserve, in bytes: writes are refused with `StorageError::Full` before less than this is free. 64 MiB.
    pub disk_reserve_bytes: u64,
    /// Queue limit, in writes that wait for a flush; more are refused with `StorageError::Unavailable`. 32,768.
    pub queue_writes_max: usize,
    /// Queue limit, in bytes that wait for a flush; more are refused with `StorageError::Unavailable`. 64 MiB.
    pub queue_bytes_max: usize,
    /// Capacity of the LRU cache of stream heads (current versions), in streams of each service. 16,384.
    pub heads_max: NonZeroUsize,
    /// Linger of the bulk log: how long a batch waits for more writes before it is flushed (as Kafka's `linger.ms`).
    /// 50 ms.
    pub bulk_linger: Duration,
    /// Size of `SQLite`'s write-ahead log, in bytes, from which checkpoints run. 8 MiB.
    pub wal_checkpoint_bytes: u64,
    /// Size limit of `SQLite`'s write-ahead log, in bytes: from here on the writer waits for a checkpoint. A reader that stays
    /// in the way can keep the log above it. 64 MiB.
    pub wal_bytes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            disk_reserve_bytes: 64 * 1024 * 1024,
            queue_writes_max: 32 * 1024,
            queue_bytes_max: 64 * 1024 * 1024,
            heads_max: NonZeroUsize::MIN.saturating_add(16_383),
            bulk_linger: Duration::from_millis(50),
            wal_checkpoint_bytes: 8 * 1024 * 1024,
            wal_bytes_max: 64 * 1024 * 1024,
        }
    }
}
