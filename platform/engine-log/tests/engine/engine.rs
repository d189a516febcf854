//! Engine under test.

pub(crate) use engine_log::{LogEngine as Engine, LogOptions as Options, OpenError};

/// File with the data of the services.
pub(crate) const DATA_FILE: &str = "icommerce.000001.log";

/// Options without a reserve, so that no test depends on the disk of the machine.
pub(crate) fn options() -> Options {
    Options { disk_reserve_bytes: 0, ..Options::default() }
}

/// Options for a disk of a few megabytes.
pub(crate) fn small_disk_options() -> Options {
    options()
}
