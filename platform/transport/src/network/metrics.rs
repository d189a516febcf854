//! What calls to one service look like from here.

use std::time::Duration;
use telemetry::{Counter, Histogram, LATENCY_BUCKETS, Metrics};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Failed,
    TimedOut,
}

#[derive(Clone, Debug)]
pub(super) struct CallMetrics {
    answered: Histogram,
    failed: Histogram,
    timed_out: Histogram,
    /// Further attempts.
    pub(super) retried: Counter,
    /// Requests that were refused because too many were waiting.
    pub(super) shed: Counter,
    /// How often an endpoint was left alone.
    pub(super) opened: Counter,
}

impl CallMetrics {
    pub(super) fn new(service: &'static str, metrics: &Metrics) -> Self {
        let seconds = |outcome| {
            let help = "Time of one attempt to call another service";
            let labels = [("service", service), ("outcome", outcome)];
            metrics.seconds("http_client_requests", help, &labels, LATENCY_BUCKETS)
        };
        let counter = |name, help| metrics.counter(name, help, &[("service", service)]);
        Self {
            answered: seconds("answered"),
            failed: seconds("failed"),
            timed_out: seconds("timed_out"),
            retried: counter("http_client_retries", "Further attempts after a failed one"),
            shed: counter("http_client_shed", "Requests refused because too many were waiting"),
            opened: counter("http_client_breaker_opened", "Endpoints left alone after failures"),
        }
    }

    pub(super) fn attempted(&self, outcome: Outcome, took: Duration) {
        let seconds = match outcome {
            Outcome::Answered => &self.answered,
            Outcome::Failed => &self.failed,
            Outcome::TimedOut => &self.timed_out,
        };
        seconds.observe(took.as_secs_f64());
    }
}
