//! What can be set about the engine, with its defaults.

use std::{num::NonZeroUsize, time::Duration};

/// Settings of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Writing stops, with a clear answer, before less than this is left on the disk.
    pub disk_reserve_bytes: u64,
    /// The most writes that wait for a flush; more are refused.
    pub queue_writes_max: usize,
    /// The most bytes that wait for a flush; more are refused.
    pub queue_bytes_max: usize,
    /// How many streams of each service have their version kept in memory.
    pub heads_max: NonZeroUsize,
    /// How long bulk waits for more of it before it is flushed.
    pub bulk_linger: Duration,
    /// How large the write-ahead log grows before it is brought into the database.
    pub wal_checkpoint_bytes: u64,
    /// How large it may be at most, unless a reader stays in the way.
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
