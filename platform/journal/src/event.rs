//! Events: new ones, and recorded ones as the journal keeps them.

use crate::{Aggregate, DecodeError, Personal};
use bytes::Bytes;
use kernel::{Origin, Timestamp, Uuid};
use std::{any::Any, fmt, sync::Arc};

/// Name of a stream, such as `subject-0190…`; unique within the service.
pub type StreamId = String;

/// Number of events in a stream, for optimistic concurrency control. 0 is a stream that does not exist; the first event
/// has version 1.
pub type Version = u64;

/// Position of an event in the log of its process (Kafka's *offset*). Grows with every event, from 1; has gaps within one
/// service, because services share the log.
pub type Position = u64;

kernel::id!(/// Identifier of an event, for ever.
    EventId);

/// Decoded event, carried beside its bytes so that a reader in the same process need not decode it again. Engines keep it
/// while they keep the event in memory, and may drop it at any time.
#[derive(Clone, Default)]
pub struct TypedEvent(Option<Arc<dyn Any + Send + Sync>>);

impl TypedEvent {
    /// Decoded event of this type.
    pub fn new<E: Send + Sync + 'static>(event: Arc<E>) -> Self {
        Self(Some(event))
    }

    /// Decoded event, if there is one of this type.
    pub fn get<E: Send + Sync + 'static>(&self) -> Option<Arc<E>> {
        Arc::downcast(Arc::clone(self.0.as_ref()?)).ok()
    }
}

impl fmt::Debug for TypedEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("TypedEvent").field(&self.0.is_some()).finish()
    }
}

impl PartialEq for TypedEvent {
    /// Always true: the bytes say what an event is, and whether it is also there decoded makes no difference.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for TypedEvent {}

/// Event to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identifier of the event; appending the same events again changes nothing.
    pub id: Uuid,
    /// Name of what happened, such as `line_added`.
    pub name: &'static str,
    /// Data of the event, in a format of its service; at most [`storage::RECORD_BYTES_MAX`] bytes.
    pub data: Bytes,
    /// Time at which the event was decided.
    pub recorded_at: Timestamp,
    /// Decoded event.
    pub typed: TypedEvent,
    /// Personal data in it, which is encrypted when it is stored; `None` when it has none.
    pub personal: Option<Personal<Bytes>>,
}

/// Recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Position in the log.
    pub position: Position,
    /// Stream of the event.
    pub stream: StreamId,
    /// Version of the stream with this event in it, from 1.
    pub version: Version,
    /// Identifier of the event.
    pub id: Uuid,
    /// Name of what happened.
    pub name: String,
    /// Data of the event, in a format of its service; at most [`storage::RECORD_BYTES_MAX`] bytes.
    pub data: Bytes,
    /// Time at which the event was decided.
    pub recorded_at: Timestamp,
    /// Origin of the append that the event came with, if it was known.
    pub origin: Option<Origin>,
    /// Decoded event.
    pub typed: TypedEvent,
}

impl RecordedEvent {
    /// Decoded event: from memory, or by `decode` from its bytes.
    ///
    /// # Errors
    ///
    /// The error of `decode`.
    pub fn event<E: Send + Sync + 'static>(
        &self,
        decode: impl FnOnce(&Self) -> Result<E, DecodeError>,
    ) -> Result<Arc<E>, DecodeError> {
        self.typed.get().map_or_else(|| decode(self).map(Arc::new), Ok)
    }

    /// The event, as one of this aggregate.
    pub fn event_of<A: Aggregate>(&self) -> Result<Arc<A::Event>, DecodeError> {
        self.event(A::decode)
    }
}
