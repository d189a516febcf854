//! Engine under test.

pub(crate) use engine_sqlite::{OpenError, Options, SqliteEngine as Engine};

/// File with the data of the services.
pub(crate) const DATA_FILE: &str = "icommerce.db";

/// Options without a reserve, so that no test depends on the disk of the machine.
pub(crate) fn options() -> Options {
    Options { disk_reserve_bytes: 0, ..Options::default() }
}

/// Options for a disk of a few megabytes, which a write-ahead log of the usual size would fill.
pub(crate) fn small_disk_options() -> Options {
    Options { wal_checkpoint_bytes: 1 << 20, ..options() }
}
