//! Event store and event sourcing: append to a stream at an expected version, read a stream, follow all events in commit
//! order; aggregates, projections and read models on top.
//!
//! A service has one journal of its own. The journal is also the service's transactional outbox: consumers pull the
//! flushed events, in the order in which they were decided (see the messaging crate).
//!
//! [`Journal`] is the port, [`Repository`] loads and changes [aggregates](Aggregate), and [`catch_up`] brings a
//! [`Projection`] up to date. [`conformance`] is the test suite of the port.

#![warn(missing_docs)]

mod aggregate;
mod codec;
mod event;
mod eviction_stamps;
mod plaintext;
mod port;
mod projection;
mod repository;
mod sequence;
mod service_storage;
mod stored;

pub mod conformance;
pub mod interceptor;
pub mod maintenance;
pub mod personal;
pub mod test_vectors;

pub use aggregate::{Aggregate, DecodeError, EventName};
pub use codec::{EventJson, Storable, decode, decode_event, encode, event_json, is_cbor};
pub use event::{EventId, NewEvent, Position, RecordedEvent, StreamId, TypedEvent, Version};
pub use personal::Personal;
pub use plaintext::PlaintextRecords;
pub use port::{Append, AppendError, Appended, DeleteError, Journal, Snapshot};
pub use projection::{Projection, catch_up};
pub use repository::{Changes, ExecuteError, LoadedAggregate, Repository};
pub use sequence::{AppendSequence, SequencePlace};
pub use service_storage::ServiceStorage;
pub use storage::durability;
pub use stored::{RecordDigest, StoredRecord, indexed_fields};

/// Limit of events in one append.
pub const APPEND_EVENTS_MAX: usize = 4_096;
/// Limit of events in the answer of one read.
pub const READ_EVENTS_MAX: usize = 1_024;
/// Limit of one snapshot, in bytes: 256 MiB.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;
