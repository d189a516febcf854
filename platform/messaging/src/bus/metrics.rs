//! Metrics of a bus: what is published and how late, and how often a consumer had to turn to the feed.

use kernel::Timestamp;
use telemetry::{Counter, Histogram, Metrics};

/// Upper bounds of the buckets of the relay's lag, in seconds.
const LAG_BUCKETS: &[f64] = &[
    0.001, 0.002, 0.003, 0.004, 0.005, 0.007_5, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
    300.0,
];

/// Metrics of a relay, by its source.
pub(super) struct RelayMetrics {
    pub(super) published: Counter,
    pub(super) failures: Counter,
    lag: Histogram,
}

impl RelayMetrics {
    pub(super) fn of(metrics: &Metrics, source: &str) -> Self {
        let labels = [("source", source)];
        let counter = |name, help| metrics.counter(name, help, &labels);
        Self {
            published: counter("bus_published", "Messages that the broker has confirmed"),
            failures: counter("bus_publish_failures", "Batches that the broker did not confirm"),
            lag: metrics.seconds(
                "bus_relay_lag",
                "Relay lag: time from the recording of an event until the broker has confirmed it",
                &labels,
                LAG_BUCKETS,
            ),
        }
    }

    pub(super) fn observe_lag(&self, recorded_at: Timestamp, now: Timestamp) {
        self.lag.observe(now.duration_since(recorded_at).as_secs_f64().max(0.0));
    }
}

/// Why a consumer reads the feed in place of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    /// It has just got the partition, and what it has to begin with may not be on the bus.
    Begin,
    /// The next message on the bus is not the one after its position.
    Gap,
    /// Nothing came for some time.
    Silence,
    /// What came is not proven to be the shop's.
    Unproven,
}

/// Metrics of a consumer's partitions, by its group and source: how often it turned to the feed, by reason.
#[derive(Clone)]
pub(super) struct FallbackMetrics {
    counters: [Counter; 4],
    /// Messages that are not proven to be the shop's.
    pub(super) unproven: Counter,
}

impl FallbackMetrics {
    pub(super) fn of(metrics: &Metrics, group: &str, source: &str) -> Self {
        let counter = |reason| {
            metrics.counter(
                "bus_fallbacks",
                "Times that a consumer read the feed in place of the bus",
                &[("group", group), ("source", source), ("reason", reason)],
            )
        };
        Self {
            counters: ["begin", "gap", "silence", "unproven"].map(counter),
            unproven: metrics.counter(
                "bus_unproven",
                "Messages that were not believed, because they lack the proof of this shop",
                &[("group", group), ("source", source)],
            ),
        }
    }

    pub(super) fn count(&self, fallback: Fallback) {
        self.counters[fallback as usize].inc_by(1);
    }
}
