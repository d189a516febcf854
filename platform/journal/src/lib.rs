//! The event store: append at an expected version, read a stream, follow everything in commit order.
//!
//! A service has one journal of its own. The journal is also the service's outbox: what was flushed, in the order
//! in which it was decided, is what the world is told (see the messaging crate).

#![warn(missing_docs)]

mod aggregate;
mod event;
mod port;
mod projection;
mod repository;
mod service_storage;

pub mod conformance;
pub mod interceptor;
pub mod maintenance;

pub use aggregate::{Aggregate, DecodeError, EventName};
pub use event::{EventId, NewEvent, Position, RecordedEvent, StreamId, Version};
pub use port::{Append, AppendError, Appended, Journal, Snapshot};
pub use projection::{Projection, catch_up};
pub use repository::{Changes, ExecuteError, LoadedAggregate, Repository};
pub use service_storage::ServiceStorage;
pub use storage::durability;

/// The most events of one append.
pub const APPEND_EVENTS_MAX: usize = 4_096;
/// The most events one call reads.
pub const READ_EVENTS_MAX: usize = 1_024;
/// The most bytes of one snapshot.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;
