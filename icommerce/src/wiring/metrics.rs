//! Metrics of the storage engine's writers: flushes, writes, bytes, and how often the index of documents is brought up to them.

use engine_log::{Log2Histogram, Statistics};
#[cfg(feature = "postgres")]
use engine_postgres::WriterStatistics;
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
    let overflow = micros.counts[POWERS..].iter().sum();
    histogram(micros.counts.into_iter().take(POWERS), overflow, sum)
}

/// Histogram in seconds, from counts by power of two of a microsecond, from the first one on.
fn histogram(counts: impl Iterator<Item = u64>, overflow: u64, sum: u64) -> SampleValue {
    let bounds = std::iter::successors(Some(1e-6), |bound| Some(bound * 2.0));
    let buckets = bounds.zip(counts).collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sum of durations; precision overflow 52 bits is irrelevant"
    )]
    let sum = sum as f64 / 1e6;
    SampleValue::Histogram { sum, buckets, overflow }
}

#[cfg(feature = "postgres")]
type WriterMetric = (&'static str, &'static str, fn(&WriterStatistics) -> SampleValue);

#[cfg(feature = "postgres")]
const WRITER_METRICS: [WriterMetric; 6] = [
    ("engine_batches", "Batches that were committed, each in one transaction", |writer| {
        SampleValue::Counter(writer.batches)
    }),
    ("engine_writes", "Writes; an append with its documents is one write", |writer| {
        SampleValue::Counter(writer.writes)
    }),
    ("engine_appends", "Appends, which are writes as well", |writer| {
        SampleValue::Counter(writer.appends)
    }),
    ("engine_queue", "Writes that wait for the writer", |writer| SampleValue::Gauge(writer.queue)),
    ("engine_reconnects", "Connections of the writer that were made anew", |writer| {
        SampleValue::Counter(writer.reconnects)
    }),
    ("engine_commit", "Duration of a batch, from its first statement to its commit", |writer| {
        let [counts @ .., overflow] = writer.commit_micros;
        histogram(counts.into_iter(), overflow, writer.commit_micros_sum)
    }),
];

/// Samples of all metrics of the writers of these services.
#[cfg(feature = "postgres")]
pub(super) fn writer_samples(writers: &[(&'static str, WriterStatistics)]) -> Vec<Sample> {
    let samples_of = |(name, help, amount): WriterMetric| {
        writers.iter().map(move |(service, statistics)| Sample {
            name,
            help,
            label: ("service", service),
            value: amount(statistics),
        })
    };
    WRITER_METRICS.into_iter().flat_map(samples_of).collect()
}
