//! Logs, traces, metrics, health.
