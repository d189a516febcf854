//! Use cases: recording, searching and retention of activities.

mod audit_log;
mod bloom_filter;
mod chunk;
mod dropped;
mod retention;

pub(crate) use audit_log::{ActivityCursor, ActivityFilter, AuditLog};
pub(crate) use chunk::{activity_write, into_chunks};
pub(crate) use retention::run_retention;
