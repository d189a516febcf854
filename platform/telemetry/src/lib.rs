//! What the outside sees of a process at work: logs, traces, metrics and health.

#![warn(missing_docs)]

mod health;
mod http_metrics;
mod logs;
mod metrics;
mod readings;
mod trace;

pub use health::{Bearing, Component, ComponentReport, Health, HealthReport, Status};
pub use http_metrics::{HttpMetrics, InFlight};
pub use logs::{LogError, LogFormat, init, request_span};
pub use metrics::{Counter, Gauge, Histogram, LATENCY_BUCKETS, METRICS_CONTENT_TYPE, Metrics};
pub use readings::{Amount, Reading};
pub use trace::{SpanId, TraceContext, TraceId};
