//! Engine under test.

use crate::suite::syscall_trace::{SystemCall, TracedCall};
use engine_sqlite::Options;
pub(crate) use engine_sqlite::{OpenError, SqliteEngine as Engine};

/// Options with small limits, so that kills also hit checkpoints.
pub(crate) fn options() -> Options {
    let (wal_checkpoint_bytes, wal_bytes_max) = (256 * 1024, 512 * 1024);
    Options { disk_reserve_bytes: 0, wal_checkpoint_bytes, wal_bytes_max, ..Options::default() }
}

/// Checks that the trace has what it is there for.
pub(crate) fn check_trace(calls: &[TracedCall]) {
    let is_checkpoint = |call: &&TracedCall| matches!(&call.call, SystemCall::Write { file, .. } if file == "icommerce.db");
    let into_database = calls.iter().filter(is_checkpoint).count();
    assert!(into_database > 100, "hardly any checkpoint: {into_database}");
}
