//! Conformance of the `SQLite` engine to the storage ports.

#[path = "../../data-folder/tests/embedded_engine/conformance.rs"]
mod conformance;

/// Engine under test.
mod engine {
    use engine_sqlite::Options;
    pub(crate) use engine_sqlite::SqliteEngine as Engine;
    use std::num::NonZeroUsize;

    pub(crate) fn options() -> Options {
        Options { disk_reserve_bytes: 0, ..Options::default() }
    }

    /// Tiny caches that evict at once, and a write-ahead log that restarts all the time.
    pub(crate) fn tiny_options() -> Options {
        let (wal_checkpoint_bytes, wal_bytes_max) = (1, 64 * 1024);
        let heads_max = NonZeroUsize::MIN;
        Options { heads_max, wal_checkpoint_bytes, wal_bytes_max, ..options() }
    }
}
