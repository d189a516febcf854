//! What is flushed and not yet in the tables, and how much of it is brought there at once.

use crate::operation::Queued;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// As soon as so many writes wait for the tables, all are brought there. Fewer change the same pages too often; more
/// make those wait who queue meanwhile.
pub(crate) const APPLY_WRITES: usize = 512;
/// Or so many bytes: what goes into the write-ahead log at once stays small against it.
pub(crate) const APPLY_BYTES: usize = 512 * 1024;
/// Fewer are brought there after this time.
const APPLY_AFTER: Duration = Duration::from_millis(200);
/// When there is nothing to flush, about so many are brought there: it takes a millisecond or two, and whoever queues
/// meanwhile waits no longer than that.
const SLICE_WRITES: usize = 64;

/// Batches in their order, each whole: the log forgets them one by one.
pub(crate) struct Backlog {
    batches: VecDeque<Batch>,
    writes: usize,
    bytes: usize,
    /// Since when there is something in it.
    since: Instant,
}

struct Batch {
    writes: Vec<Queued>,
    bytes: usize,
}

/// How much is brought into the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    Slice,
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

    pub(crate) fn push(&mut self, writes: Vec<Queued>, bytes: usize) {
        if self.is_empty() {
            self.since = Instant::now();
        }
        self.writes += writes.len();
        self.bytes += bytes;
        self.batches.push_back(Batch { writes, bytes });
    }

    /// When all of it is to be brought into the tables; `None` when there is nothing.
    pub(crate) fn due(&self) -> Option<Duration> {
        let is_large = self.writes >= APPLY_WRITES || self.bytes >= APPLY_BYTES;
        let left = || APPLY_AFTER.saturating_sub(self.since.elapsed());
        (!self.is_empty()).then(|| if is_large { Duration::ZERO } else { left() })
    }

    /// Whether there is enough of it for a slice.
    pub(crate) fn has_slice(&self) -> bool {
        self.writes >= SLICE_WRITES
    }

    /// The oldest writes, whole batches of them.
    pub(crate) fn take(&mut self, portion: Portion) -> Vec<Queued> {
        let mut taken = Vec::new();
        while (portion == Portion::All || taken.len() < SLICE_WRITES)
            && let Some(Batch { writes, bytes }) = self.batches.pop_front()
        {
            self.writes -= writes.len();
            self.bytes -= bytes;
            taken.extend(writes);
        }
        self.since = Instant::now();
        taken
    }
}
