//! Client-side metrics of calls to one service.

use crate::{Response, TransportError, headers};
use http::{HeaderValue, StatusCode, header};
use std::time::Duration;
use telemetry::{Counter, Histogram, LATENCY_BUCKETS, Metrics};

/// Type of a body that is a problem (RFC 9457).
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptOutcome {
    /// Any response but a failure; a 4xx is a response like any other, and so is a 503 for good, with which a service says itself (with a
    /// problem, and without `Retry-After`) that a request has ended because another service was away. The endpoint works.
    Answered,
    /// A 503 with `Retry-After`: the service answers that it is busy, or cannot write at present. The endpoint works.
    Busy,
    /// A 503 of a process that stands by for the owner of the service: nothing was done, and another endpoint may be the owner.
    Standby,
    /// No response, or another 5xx.
    Failed,
    TimedOut,
}

impl AttemptOutcome {
    /// Outcome of an attempt that ended in time.
    pub(super) fn of(result: &Result<Response, TransportError>) -> Self {
        let Ok(response) = result else { return Self::Failed };
        let (status, headers) = (response.status(), response.headers());
        let is_unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
        if is_unavailable && headers.contains_key(headers::STANDBY) {
            Self::Standby
        } else if is_unavailable && headers.contains_key(header::RETRY_AFTER) {
            Self::Busy
        } else if is_unavailable && headers.get(header::CONTENT_TYPE).is_some_and(is_problem) {
            Self::Answered
        } else if status.is_server_error() {
            Self::Failed
        } else {
            Self::Answered
        }
    }
}

/// Whether a body of this type is a problem, which whatever stands before a service would not write.
fn is_problem(content_type: &HeaderValue) -> bool {
    content_type == PROBLEM_JSON
}

#[derive(Clone, Debug)]
pub(super) struct CallMetrics {
    answered: Histogram,
    busy: Histogram,
    standby: Histogram,
    failed: Histogram,
    timed_out: Histogram,
    /// Retries.
    pub(super) retried: Counter,
    /// Requests refused because the queue was full.
    pub(super) shed: Counter,
    /// Circuit breakers that opened.
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
            busy: seconds("busy"),
            standby: seconds("standby"),
            failed: seconds("failed"),
            timed_out: seconds("timed_out"),
            retried: counter("http_client_retries", "Further attempts after a failed one"),
            shed: counter("http_client_shed", "Requests refused because too many were waiting"),
            opened: counter("http_client_breaker_opened", "Circuit breakers that opened"),
        }
    }

    pub(super) fn attempted(&self, outcome: AttemptOutcome, took: Duration) {
        let seconds = match outcome {
            AttemptOutcome::Answered => &self.answered,
            AttemptOutcome::Busy => &self.busy,
            AttemptOutcome::Standby => &self.standby,
            AttemptOutcome::Failed => &self.failed,
            AttemptOutcome::TimedOut => &self.timed_out,
        };
        seconds.observe(took.as_secs_f64());
    }
}
