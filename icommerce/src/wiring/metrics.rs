//! Metrics of the storage engine's writers: flushes, writes, bytes, checkpoints, write-ahead log.

use engine_log::{Log2Histogram, Statistics};
use telemetry::{Sample, SampleValue};

/// Number of histogram buckets: powers of two of a microsecond, up to about 8 seconds.
const POWERS: usize = 24;

type Metric = (&'static str, &'static str, fn(&Statistics) -> SampleValue);

const METRICS: [Metric; 9] = [
    ("engine_flushes", "Flushes of the log", |log| SampleValue::Counter(log.flushes)),
    ("engine_writes", "Writes; an append with its documents is one write", |log| {
        SampleValue::Counter(log.writes)
    }),
    ("engine_written_bytes", "Bytes written, excluding database overhead", |log| {
        SampleValue::Counter(log.bytes)
    }),
    ("engine_applies", "Batches of flushed writes applied to the tables", |log| {
        SampleValue::Counter(log.applies)
    }),
    ("engine_checkpoints", "Checkpoints of the write-ahead log into the database", |log| {
        SampleValue::Counter(log.checkpoints)
    }),
    ("engine_wal_resets", "Resets of the write-ahead log", |log| {
        SampleValue::Counter(log.wal_resets)
    }),
    ("engine_wal_bytes", "Current size of the write-ahead log in bytes", |log| {
        SampleValue::Gauge(log.wal_bytes)
    }),
    ("engine_wal_bytes_peak", "Peak size of the write-ahead log in bytes", |log| {
        SampleValue::Gauge(log.wal_bytes_peak)
    }),
    ("engine_flush", "Duration of a flush", |log| seconds(&log.flush_micros, log.flush_micros_sum)),
];

/// Samples of all metrics of these logs.
pub(super) fn samples(logs: &[(&'static str, Statistics); 2]) -> Vec<Sample> {
    let samples_of = |(name, help, amount): Metric| {
        logs.iter().map(move |(log, statistics)| Sample {
            name,
            help,
            label: ("log", log),
            value: amount(statistics),
        })
    };
    METRICS.into_iter().flat_map(samples_of).collect()
}

/// Histogram in seconds, from counts by power of two of a microsecond.
fn seconds(micros: &Log2Histogram, sum: u64) -> SampleValue {
    let bound = |power: usize| 2_f64.powi(i32::try_from(power).expect("there are 24 powers")) / 1e6;
    let buckets: Vec<_> = (0..POWERS).map(|power| (bound(power), micros.counts[power])).collect();
    let overflow = micros.counts[POWERS..].iter().sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sum of durations; precision overflow 52 bits is irrelevant"
    )]
    let sum = sum as f64 / 1e6;
    SampleValue::Histogram { sum, buckets, overflow }
}
