//! Figures of the writer: what it flushed, in what pieces, and how long that took.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How many powers of two a histogram has.
const BUCKETS: usize = 32;

/// What the engine did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Flushes, each of one batch.
    pub flushes: u64,
    /// Writes of all batches: an append with its documents is one.
    pub writes: u64,
    /// Bytes of what was written, without what the database adds.
    pub bytes: u64,
    /// Writes of each batch.
    pub batch_writes: Histogram,
    /// Microseconds of each batch, from its first statement to the end of its flush.
    pub batch_micros: Histogram,
    /// Microseconds of the flush alone.
    pub flush_micros: Histogram,
    /// Microseconds of all flushes together.
    pub flush_micros_sum: u64,
    /// How often flushed batches were brought from the log into the tables.
    pub applies: u64,
    /// Passes in which the write-ahead log was brought into the database beside the writer.
    pub checkpoints: u64,
    /// How often the write-ahead log began anew.
    pub wal_resets: u64,
    /// Bytes of the write-ahead log now.
    pub wal_bytes: u64,
    /// Bytes of the write-ahead log at most.
    pub wal_bytes_peak: u64,
}

/// Counts by power of two: `counts[n]` is how often a value below 2^n, and not below 2^(n-1), was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The counts.
    pub counts: [u64; BUCKETS],
}

impl Histogram {
    /// The smallest power of two that at least this part of the values lies below.
    pub fn quantile(&self, permille: u64) -> u64 {
        let total: u64 = self.counts.iter().sum();
        let mut seen = 0;
        for (power, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen.saturating_mul(1_000) >= total.saturating_mul(permille) {
                return 1 << power;
            }
        }
        1 << (BUCKETS - 1)
    }
}

/// The figures as the writer counts them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    flushes: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
    batch_writes: Counts,
    batch_micros: Counts,
    flush_micros: Counts,
    flush_micros_sum: AtomicU64,
    pub(crate) applies: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) wal_resets: AtomicU64,
    wal_bytes: AtomicU64,
    wal_bytes_peak: AtomicU64,
    backlog_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts([AtomicU64; BUCKETS]);

impl Counts {
    fn count(&self, value: u64) {
        let power = (u64::BITS - value.leading_zeros()) as usize;
        self.0[power.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    fn read(&self) -> Histogram {
        Histogram { counts: std::array::from_fn(|power| self.0[power].load(Relaxed)) }
    }
}

impl Counters {
    pub(crate) fn flushed(&self, writes: usize, bytes: usize, batch: Duration, flush: Duration) {
        self.flushes.fetch_add(1, Relaxed);
        self.writes.fetch_add(writes as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.batch_writes.count(writes as u64);
        self.batch_micros.count(micros(batch));
        self.flush_micros.count(micros(flush));
        self.flush_micros_sum.fetch_add(micros(flush), Relaxed);
    }

    pub(crate) fn wal_is(&self, bytes: u64) {
        self.wal_bytes.store(bytes, Relaxed);
        self.wal_bytes_peak.fetch_max(bytes, Relaxed);
    }

    pub(crate) fn backlog_is(&self, bytes: u64) {
        self.backlog_bytes.store(bytes, Relaxed);
    }

    /// By how much the database may still grow for what is flushed: the pages of the write-ahead log, and what the
    /// tables do not have yet, with the pages around it.
    pub(crate) fn growth_bytes(&self) -> u64 {
        self.wal_bytes.load(Relaxed) + 4 * self.backlog_bytes.load(Relaxed)
    }

    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            flushes: self.flushes.load(Relaxed),
            writes: self.writes.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            batch_writes: self.batch_writes.read(),
            batch_micros: self.batch_micros.read(),
            flush_micros: self.flush_micros.read(),
            flush_micros_sum: self.flush_micros_sum.load(Relaxed),
            applies: self.applies.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            wal_resets: self.wal_resets.load(Relaxed),
            wal_bytes: self.wal_bytes.load(Relaxed),
            wal_bytes_peak: self.wal_bytes_peak.load(Relaxed),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_by_powers_of_two() {
        let counts = Counts::default();
        for value in [0, 1, 2, 3, 4, 1_000] {
            counts.count(value);
        }
        let histogram = counts.read();
        assert_eq!(histogram.counts[..4], [1, 1, 2, 1]);
        assert_eq!((histogram.quantile(500), histogram.quantile(1_000)), (4, 1_024));
    }
}
