//! Statistics of a writer: batches, what is in them, how long they take, and how often its connection was made anew.

use crate::batch::WriteOperation;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Buckets of the latencies: powers of two of a microsecond, and one for what is longer.
pub const LATENCY_BUCKETS: usize = 25;

/// Statistics of the writer of one service since it was started. All but the queue are cumulative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStatistics {
    /// Batches that were committed, each in one transaction.
    pub batches: u64,
    /// Writes in all of them: an append with its documents is one.
    pub writes: u64,
    /// Appends among them, accepted or not.
    pub appends: u64,
    /// Latency per batch, from its first statement to the answer to its commit: `commit_micros[n]` counts those of less than 2^n
    /// microseconds that are in no bucket before; the last bucket counts those above.
    pub commit_micros: [u64; LATENCY_BUCKETS],
    /// Sum of all these latencies, in microseconds.
    pub commit_micros_sum: u64,
    /// Connections that were made after the first one.
    pub reconnects: u64,
    /// Writes that wait for the writer.
    pub queue: u64,
}

/// Counters of a writer.
#[derive(Debug, Default)]
pub(crate) struct BatchCounters {
    batches: AtomicU64,
    writes: AtomicU64,
    appends: AtomicU64,
    commit_micros: [AtomicU64; LATENCY_BUCKETS],
    commit_micros_sum: AtomicU64,
    connections: AtomicU64,
}

impl BatchCounters {
    pub(crate) fn record_batch(&self, operations: &[WriteOperation], latency: Duration) {
        let is_append =
            |operation: &&WriteOperation| matches!(operation, WriteOperation::Append { .. });
        self.batches.fetch_add(1, Relaxed);
        self.writes.fetch_add(operations.len() as u64, Relaxed);
        self.appends.fetch_add(operations.iter().filter(is_append).count() as u64, Relaxed);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let power = (u64::BITS - micros.leading_zeros()) as usize;
        self.commit_micros[power.min(LATENCY_BUCKETS - 1)].fetch_add(1, Relaxed);
        self.commit_micros_sum.fetch_add(micros, Relaxed);
    }

    pub(crate) fn record_connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self, queue: usize) -> WriterStatistics {
        WriterStatistics {
            batches: self.batches.load(Relaxed),
            writes: self.writes.load(Relaxed),
            appends: self.appends.load(Relaxed),
            commit_micros: std::array::from_fn(|power| self.commit_micros[power].load(Relaxed)),
            commit_micros_sum: self.commit_micros_sum.load(Relaxed),
            reconnects: self.connections.load(Relaxed).saturating_sub(1),
            queue: queue as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_counted_by_powers_of_two() {
        let counters = BatchCounters::default();
        for micros in [0, 1, 2, 3, 1_000, u64::MAX / 1_000] {
            counters.record_batch(&[], Duration::from_micros(micros));
        }
        counters.record_connection();
        counters.record_connection();
        let WriterStatistics { batches, commit_micros, reconnects, .. } = counters.snapshot(0);
        assert_eq!((batches, reconnects), (6, 1));
        assert_eq!(commit_micros[..3], [1, 1, 2]);
        assert_eq!((commit_micros[10], commit_micros[LATENCY_BUCKETS - 1]), (1, 1));
    }
}
