//! Backlog: flushed batches that are not applied to the tables yet, and how much of it is applied at once.

use crate::write_operation::QueuedWrite;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Size of the backlog, in writes, from which all of it is applied. With a smaller limit the same pages are changed too
/// often; with a larger one the writes queued meanwhile wait too long.
pub(crate) const APPLY_WRITES: usize = 512;
/// Size of the backlog, in bytes, from which all of it is applied: one transaction stays small against `SQLite`'s write-ahead
/// log.
pub(crate) const APPLY_BYTES: usize = 512 * 1024;
/// Age of the backlog from which all of it is applied.
const APPLY_AFTER: Duration = Duration::from_millis(200);
/// Size of a slice, in writes, that is applied when there is nothing to flush. It takes a millisecond or two, and a write
/// queued meanwhile waits no longer than that.
const SLICE_WRITES: usize = 64;

/// Backlog of whole batches in their order: the log is truncated batch by batch.
pub(crate) struct Backlog {
    batches: VecDeque<FlushedBatch>,
    writes: usize,
    bytes: usize,
    /// When it last became non-empty, or a part of it was taken.
    since: Instant,
}

struct FlushedBatch {
    writes: Vec<QueuedWrite>,
    bytes: usize,
}

/// Portion of the backlog to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    /// Oldest batches, of about 64 writes together.
    Slice,
    /// Whole backlog.
    All,
}

impl Backlog {
    pub(crate) fn new() -> Self {
        Self { batches: VecDeque::new(), writes: 0, bytes: 0, since: Instant::now() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, writes: Vec<QueuedWrite>, bytes: usize) {
        if self.is_empty() {
            self.since = Instant::now();
        }
        self.writes += writes.len();
        self.bytes += bytes;
        self.batches.push_back(FlushedBatch { writes, bytes });
    }

    /// Time left until all of it is due to be applied; `None` when it is empty.
    pub(crate) fn due(&self) -> Option<Duration> {
        let is_large = self.writes >= APPLY_WRITES || self.bytes >= APPLY_BYTES;
        let left = || APPLY_AFTER.saturating_sub(self.since.elapsed());
        (!self.is_empty()).then(|| if is_large { Duration::ZERO } else { left() })
    }

    /// Whether it holds enough for a slice.
    pub(crate) fn has_slice(&self) -> bool {
        self.writes >= SLICE_WRITES
    }

    /// Takes the oldest writes, in whole batches.
    pub(crate) fn take(&mut self, portion: Portion) -> Vec<QueuedWrite> {
        let mut oldest = Vec::new();
        while (portion == Portion::All || oldest.len() < SLICE_WRITES)
            && let Some(FlushedBatch { writes, bytes }) = self.batches.pop_front()
        {
            self.writes -= writes.len();
            self.bytes -= bytes;
            oldest.extend(writes);
        }
        self.since = Instant::now();
        oldest
    }
}
