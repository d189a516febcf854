//! How a service's domain type meets the journal. Implemented in the service's adapters, so that the domain itself
//! knows nothing of storage.

use crate::RecordedEvent;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

/// An event type that can say what each event is called.
pub trait EventName {
    /// What happened, such as `line_added`: stable, part of the stored format.
    fn name(&self) -> &'static str;
}

/// A stored event that today's code cannot read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("event {name} at position {position} cannot be read: {reason}")]
pub struct DecodeError {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub position: u64,
    /// Why.
    pub reason: String,
}

/// State folded from the events of one stream.
pub trait Aggregate: Send + Sync + Sized + 'static {
    /// What happens to it. Stored as JSON; changed only by adding variants and optional fields.
    type Event: EventName + Serialize + DeserializeOwned + Send + Sync;

    /// Folds one more event in. `None` is a stream without events.
    fn apply(state: Option<&Self>, event: &Self::Event) -> Self;

    /// Folds one more event into owned state. Aggregates whose state is large override this to change it in place.
    fn evolve(state: Option<Self>, event: &Self::Event) -> Self {
        Self::apply(state.as_ref(), event)
    }

    /// Writes an event down.
    fn encode(event: &Self::Event) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(event).map(Bytes::from)
    }

    /// Reads an event of any age. Upcasters go here.
    fn decode(recorded: &RecordedEvent) -> Result<Self::Event, DecodeError> {
        serde_json::from_slice(&recorded.data).map_err(|error| DecodeError {
            name: recorded.name.clone(),
            position: recorded.position,
            reason: error.to_string(),
        })
    }
}
