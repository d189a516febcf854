//! Events as the journal keeps them.

use bytes::Bytes;
use kernel::{Timestamp, Uuid};

/// The name of a stream, such as `subject-0190…`; unique within the service.
pub type StreamId = String;

/// How many events a stream has; 0 is a stream that does not exist. The first event has version 1.
pub type Version = u64;

/// The place of an event in the log of its process. Grows with every event; has gaps within one service.
pub type Position = u64;

kernel::id!(/// Identifies an event for ever.
    EventId);

/// An event about to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identifies the event for ever; appending the same event again changes nothing.
    pub id: Uuid,
    /// What happened, such as `line_added`.
    pub name: &'static str,
    /// The facts, as JSON.
    pub data: Bytes,
    /// When it was decided.
    pub recorded_at: Timestamp,
}

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its identity.
    pub id: Uuid,
    /// What happened.
    pub name: String,
    /// The facts, as JSON.
    pub data: Bytes,
    /// When it was decided.
    pub recorded_at: Timestamp,
}
