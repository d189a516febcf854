//! Aggregate: how a domain type is stored as events. Implemented in a service's adapters, so that the domain itself knows
//! nothing of storage.

use crate::{Personal, RecordedEvent, Storable, codec};
use bytes::Bytes;
use storage::StorageError;

/// Event type whose events have stored names.
pub trait EventName {
    /// Stored name of the event, such as `line_added`. Part of the stored format, so it is never changed.
    fn name(&self) -> &'static str;
}

/// Error of a stored event that this version of the program cannot decode.
#[derive(Clone, Debug, thiserror::Error)]
#[error("event {name} at position {position} cannot be read: {reason}")]
pub struct DecodeError {
    /// Name of the event.
    pub name: String,
    /// Position of the event.
    pub position: u64,
    /// Reason, from the decoder.
    pub reason: String,
}

impl DecodeError {
    /// Error of this event.
    pub fn new(recorded: &RecordedEvent, reason: String) -> Self {
        Self { name: recorded.name.clone(), position: recorded.position, reason }
    }
}

impl From<DecodeError> for StorageError {
    fn from(error: DecodeError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// Aggregate: state folded from the events of one stream. A [`Repository`](crate::Repository) loads and changes it.
///
/// ```
/// use journal::{Aggregate, EventName};
///
/// #[derive(serde::Serialize, serde::Deserialize, minicbor::Encode, minicbor::Decode)]
/// enum TankEvent {
///     #[n(0)]
///     Filled {
///         #[n(0)]
///         litres: u64,
///     },
/// }
///
/// impl EventName for TankEvent {
///     fn name(&self) -> &'static str {
///         "filled"
///     }
/// }
///
/// struct Tank {
///     litres: u64,
/// }
///
/// impl Aggregate for Tank {
///     type Event = TankEvent;
///
///     fn apply(tank: Option<&Self>, TankEvent::Filled { litres }: &TankEvent) -> Self {
///         Self { litres: tank.map_or(0, |tank| tank.litres) + litres }
///     }
/// }
///
/// let tank = Tank::apply(None, &TankEvent::Filled { litres: 40 });
/// assert_eq!(Tank::evolve(Some(tank), &TankEvent::Filled { litres: 2 }).litres, 42);
/// ```
pub trait Aggregate: Send + Sync + Sized + 'static {
    /// Type of its events, in the format of the codec; changed only by adding variants and optional fields.
    type Event: EventName + Storable;

    /// Folds one more event into borrowed state. `None` is a stream without events.
    fn apply(state: Option<&Self>, event: &Self::Event) -> Self;

    /// Folds one more event into owned state. Aggregates whose state is large override this to change it in place.
    fn evolve(state: Option<Self>, event: &Self::Event) -> Self {
        Self::apply(state.as_ref(), event)
    }

    /// Encodes an event.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] for an event that cannot be encoded.
    fn encode(event: &Self::Event) -> Result<Bytes, StorageError> {
        codec::encode(event)
    }

    /// Personal data of an event, which is encrypted when it is stored; `None` when it has none.
    fn personal(_event: &Self::Event) -> Option<Personal<Self::Event>> {
        None
    }

    /// Decodes an event of any age. Upcasters, which bring old events into today's form, go here.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when no version of the event is recognised.
    fn decode(recorded: &RecordedEvent) -> Result<Self::Event, DecodeError> {
        codec::decode_event(recorded)
    }
}
