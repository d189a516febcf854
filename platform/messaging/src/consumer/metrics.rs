//! Metrics of a consumer: what it took in, and how far behind it is.

use kernel::Timestamp;
use telemetry::{Counter, Histogram, Metrics};

/// Upper bounds of the buckets of the lag, in seconds: from a consumer that waits in the same process to one that stood still
/// for minutes. Finest around three milliseconds, which is the goal.
const LAG_BUCKETS: &[f64] = &[
    0.000_5, 0.001, 0.001_5, 0.002, 0.002_5, 0.003, 0.004, 0.005, 0.007_5, 0.01, 0.025, 0.05, 0.1,
    0.25, 0.5, 1.0, 5.0, 30.0, 300.0,
];

/// Counters and lag of one consumer, by its group and source.
pub(super) struct ConsumerMetrics {
    pub(super) taken: Counter,
    pub(super) parked: Counter,
    pub(super) rereads: Counter,
    lag: Histogram,
}

impl ConsumerMetrics {
    pub(super) fn of(metrics: &Metrics, group: &str, source: &str) -> Self {
        let labels = [("group", group), ("source", source)];
        let counter = |name, help| metrics.counter(name, help, &labels);
        Self {
            taken: counter("messages_taken", "Messages taken in from feeds"),
            parked: counter("messages_parked", "Messages that could not be taken in"),
            rereads: counter("feed_rereads", "Feeds that were read again from the beginning"),
            lag: metrics.seconds(
                "message_lag",
                "Consumer lag: time from the recording of an event until a consumer has recorded its effects",
                &labels,
                LAG_BUCKETS,
            ),
        }
    }

    /// Observes the lag of an event, whose clock may be another machine's and ahead.
    pub(super) fn observe_lag(&self, recorded_at: Timestamp, now: Timestamp) {
        self.lag.observe(now.duration_since(recorded_at).as_secs_f64().max(0.0));
    }
}
