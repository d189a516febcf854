//! What the writers of the engine did, as figures for operators: what an order costs can be read off them.

use engine_sqlite::{Histogram, Statistics};
use telemetry::{Sample, SampleValue};

/// The powers of two of a microsecond that are told apart, up to about 8 seconds.
const POWERS: usize = 24;

type Figure = (&'static str, &'static str, fn(&Statistics) -> SampleValue);

const FIGURES: [Figure; 9] = [
    ("engine_flushes", "Flushes of the log", |log| SampleValue::Counter(log.flushes)),
    ("engine_writes", "Writes, an append with its documents being one", |log| {
        SampleValue::Counter(log.writes)
    }),
    ("engine_written_bytes", "Bytes of the writes, without what the database adds", |log| {
        SampleValue::Counter(log.bytes)
    }),
    ("engine_applies", "Times that flushed writes were brought into the tables", |log| {
        SampleValue::Counter(log.applies)
    }),
    ("engine_checkpoints", "Passes that brought the write-ahead log into the database", |log| {
        SampleValue::Counter(log.checkpoints)
    }),
    ("engine_wal_resets", "Times that the write-ahead log began anew", |log| {
        SampleValue::Counter(log.wal_resets)
    }),
    ("engine_wal_bytes", "Bytes of the write-ahead log now", |log| {
        SampleValue::Gauge(log.wal_bytes)
    }),
    ("engine_wal_bytes_peak", "Bytes of the write-ahead log at most", |log| {
        SampleValue::Gauge(log.wal_bytes_peak)
    }),
    ("engine_flush", "Time of one flush", |log| seconds(&log.flush_micros, log.flush_micros_sum)),
];

/// All figures of these logs.
pub(super) fn of(logs: &[(&'static str, Statistics); 2]) -> Vec<Sample> {
    let reading = |(name, help, amount): Figure| {
        logs.iter().map(move |(log, statistics)| Sample {
            name,
            help,
            label: ("log", log),
            amount: amount(statistics),
        })
    };
    FIGURES.into_iter().flat_map(reading).collect()
}

/// Counts by power of two of a microsecond, as seconds.
fn seconds(micros: &Histogram, sum: u64) -> SampleValue {
    let bound = |power: usize| 2_f64.powi(i32::try_from(power).unwrap_or(i32::MAX)) / 1e6;
    let buckets: Vec<_> = (0..POWERS).map(|power| (bound(power), micros.counts[power])).collect();
    let beyond = micros.counts[POWERS..].iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a sum of times, for people")]
    let sum = sum as f64 / 1e6;
    SampleValue::Seconds { sum, buckets, beyond }
}
