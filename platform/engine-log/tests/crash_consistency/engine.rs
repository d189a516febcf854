//! Engine under test.

use crate::suite::syscall_trace::{SystemCall, TracedCall};
use engine_log::LogOptions;
pub(crate) use engine_log::{LogEngine as Engine, OpenError};

/// Options with small limits, so that kills also hit new segments, runs and merges.
pub(crate) fn options() -> LogOptions {
    let (disk_reserve_bytes, segment_bytes_max, recent_bytes_max) = (0, 16 * 1024, 16 * 1024);
    LogOptions { disk_reserve_bytes, segment_bytes_max, recent_bytes_max, ..LogOptions::default() }
}

/// Checks that the trace has what it is there for.
pub(crate) fn check_trace(calls: &[TracedCall]) {
    let is_run = |call: &&TracedCall| matches!(&call.call, SystemCall::Rename { .. });
    let runs = calls.iter().filter(is_run).count();
    assert!(runs > 5, "hardly any run: {runs}");
}
