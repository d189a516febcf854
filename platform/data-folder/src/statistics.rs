//! Statistics of a writer: flushes, batch sizes, and latencies.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Number of buckets of a histogram.
const BUCKETS: usize = 32;

/// Statistics of one log since it was opened. All are cumulative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Flushes (group commits), each of one batch.
    pub flushes: u64,
    /// Writes in all batches: an append with its documents is one.
    pub writes: u64,
    /// Bytes of the writes, without the headers of their frames and without indexes.
    pub bytes: u64,
    /// Writes per batch.
    pub batch_writes: Log2Histogram,
    /// Latency per batch in microseconds, from its first statement to the end of its flush.
    pub batch_micros: Log2Histogram,
    /// Latency of the flush alone, in microseconds.
    pub flush_micros: Log2Histogram,
    /// Sum of all flush latencies, in microseconds.
    pub flush_micros_sum: u64,
    /// Transactions that brought flushed documents into their index.
    pub applies: u64,
}

/// Histogram with exponential buckets: `counts[n]` counts the values `v` with 2^(n-1) <= `v` < 2^n. Bucket 0 counts zeros,
/// and the last bucket also everything above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log2Histogram {
    /// Count of values per bucket.
    pub counts: [u64; BUCKETS],
}

/// Counters of the writer and of the threads behind it.
#[derive(Debug, Default)]
pub struct WriterCounters {
    flushes: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
    batch_writes: AtomicHistogram,
    batch_micros: AtomicHistogram,
    flush_micros: AtomicHistogram,
    flush_micros_sum: AtomicU64,
    /// Transactions that brought flushed documents into their index.
    pub applies: AtomicU64,
    backlog_bytes: AtomicU64,
}

/// [`Log2Histogram`] that threads share.
#[derive(Debug, Default)]
struct AtomicHistogram([AtomicU64; BUCKETS]);

impl AtomicHistogram {
    fn observe(&self, value: u64) {
        let power = (u64::BITS - value.leading_zeros()) as usize;
        self.0[power.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    fn snapshot(&self) -> Log2Histogram {
        Log2Histogram { counts: std::array::from_fn(|power| self.0[power].load(Relaxed)) }
    }
}

impl WriterCounters {
    /// Records a flush: its batch's size, and the latencies of the batch and of the flush alone.
    pub fn record_flush(&self, writes: usize, bytes: usize, batch: Duration, flush: Duration) {
        self.flushes.fetch_add(1, Relaxed);
        self.writes.fetch_add(writes as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.batch_writes.observe(writes as u64);
        self.batch_micros.observe(micros(batch));
        self.flush_micros.observe(micros(flush));
        self.flush_micros_sum.fetch_add(micros(flush), Relaxed);
    }

    /// Sets the size of what is flushed and not in the index.
    pub fn set_backlog_bytes(&self, bytes: u64) {
        self.backlog_bytes.store(bytes, Relaxed);
    }

    /// Estimate of how much the index of documents may still grow for what is flushed, in bytes: the documents with the pages
    /// around them.
    pub fn growth_bytes(&self) -> u64 {
        4 * self.backlog_bytes.load(Relaxed)
    }

    /// Statistics as they are now.
    pub fn snapshot(&self) -> Statistics {
        Statistics {
            flushes: self.flushes.load(Relaxed),
            writes: self.writes.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            batch_writes: self.batch_writes.snapshot(),
            batch_micros: self.batch_micros.snapshot(),
            flush_micros: self.flush_micros.snapshot(),
            flush_micros_sum: self.flush_micros_sum.load(Relaxed),
            applies: self.applies.load(Relaxed),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).expect("a duration is below 584,000 years")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_powers_of_two() {
        let histogram = AtomicHistogram::default();
        for value in [0, 1, 2, 3, 4, 1_000] {
            histogram.observe(value);
        }
        let counts = histogram.snapshot().counts;
        assert_eq!(counts[..4], [1, 1, 2, 1]);
        assert_eq!((counts[10], counts.iter().sum::<u64>()), (1, 6));
    }
}
