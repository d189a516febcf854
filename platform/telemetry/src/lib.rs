//! Telemetry of a process: logs, traces, metrics and health.

#![warn(missing_docs)]

mod collector;
mod health;
pub mod health_details;
mod http_metrics;
mod logs;
mod metrics;
mod trace;

pub use collector::{Sample, SampleValue};
pub use health::{Component, ComponentReport, Criticality, Health, HealthReport, HealthStatus};
pub use http_metrics::{HttpMetrics, InFlight};
pub use logs::{LogError, LogFormat, init, request_span};
pub use metrics::{Counter, Gauge, Histogram, LATENCY_BUCKETS, METRICS_CONTENT_TYPE, Metrics};
pub use trace::{SpanId, TraceContext, TraceId};
