//! Metrics of the storage engine's writers: flushes, writes, bytes, and how often the index of documents is brought up to them.

use engine_log::{Log2Histogram, Statistics};
use telemetry::{Sample, SampleValue};

/// Number of histogram buckets: powers of two of a microsecond, up to about 8 seconds.
const POWERS: usize = 24;

type Metric = (&'static str, &'static str, fn(&Statistics) -> SampleValue);

const METRICS: [Metric; 5] = [
    ("engine_flushes", "Flushes of the log", |log| SampleValue::Counter(log.flushes)),
    ("engine_writes", "Writes; an append with its documents is one write", |log| {
        SampleValue::Counter(log.writes)
    }),
    ("engine_written_bytes", "Bytes written, excluding headers and indexes", |log| {
        SampleValue::Counter(log.bytes)
    }),
    ("engine_applies", "Transactions that brought flushed documents into their index", |log| {
        SampleValue::Counter(log.applies)
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
