//! Use cases: recording, searching and retention of activities.

mod activity_kind;
mod audit_log;
mod bloom_filter;
mod chunk;
mod chunk_store;
mod day_budget;
mod dropped;
mod privacy;
mod recorder;
mod retention;

pub(crate) use activity_kind::{ActivityKind, ByKind};
pub(crate) use audit_log::{ActivityCursor, ActivityFilter, AuditLog};
pub(crate) use chunk::{CHUNK_HEADERS, EVENT_CHUNK_HEADERS, EVENT_CHUNKS, OF_EVENTS, into_chunks};
pub(crate) use day_budget::DayBudget;
pub(crate) use dropped::DROPPED;
pub(crate) use privacy::{Digests, IdDigest};
pub(crate) use recorder::{Recorder, StoredActivity};
pub(crate) use retention::Retention;
