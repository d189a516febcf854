//! Codec of stored events: CBOR (RFC 8949) by minicbor, and JSON as earlier versions of the program stored it.
//!
//! The first byte tells the format. An event is a struct or an enum, and so an array in CBOR, of which the first byte is
//! 0x80 to 0x9f; JSON begins with `{`. Other first bytes are free for later formats. What is stored is never rewritten for its
//! format: both stay readable for ever.
//!
//! In CBOR, fields and variants have numbers in place of names (`#[n(0)]`). A number is never given another meaning. A new
//! field gets the next number and is optional or has a default; fields with numbers that a program does not know are
//! skipped. A new variant gets the next number too; a program that does not know a variant refuses the event. The test
//! vectors of each service pin its numbers ([`test_vectors`](crate::test_vectors)).

use crate::{DecodeError, RecordedEvent};
use bytes::Bytes;
use minicbor::{Decode, Encode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use storage::StorageError;

/// Type of which values are stored in events: as CBOR, and readable as JSON.
pub trait Storable:
    Encode<()> + for<'b> Decode<'b, ()> + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T> Storable for T where
    T: Encode<()> + for<'b> Decode<'b, ()> + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// Reads the event as JSON, in whatever format it is stored: for people, and for programs without the service's types.
pub type EventJson = fn(&RecordedEvent) -> Result<Box<RawValue>, DecodeError>;

/// Encodes a value as it is stored today.
///
/// # Errors
///
/// [`StorageError::Corrupt`] for a value that cannot be encoded.
pub fn encode<T: Encode<()>>(value: &T) -> Result<Bytes, StorageError> {
    let encoded = kernel::cbor::to_vec(value);
    encoded.map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// Decodes a value of any age.
///
/// # Errors
///
/// The reason, from the decoder of the format.
pub fn decode<T: for<'b> Decode<'b, ()> + DeserializeOwned>(data: &[u8]) -> Result<T, String> {
    if is_cbor(data) {
        kernel::cbor::from_slice(data).map_err(|error| error.to_string())
    } else {
        serde_json::from_slice(data).map_err(|error| error.to_string())
    }
}

/// Decodes an event of any age.
///
/// # Errors
///
/// [`DecodeError`] when it is not an event of this type.
pub fn decode_event<E: for<'b> Decode<'b, ()> + DeserializeOwned>(
    recorded: &RecordedEvent,
) -> Result<E, DecodeError> {
    decode(&recorded.data).map_err(|reason| DecodeError::new(recorded, reason))
}

/// JSON of an event of this type: what was stored as JSON, as it is. An [`EventJson`].
///
/// # Errors
///
/// [`DecodeError`] when it is not an event of this type.
pub fn event_json<E: Storable>(recorded: &RecordedEvent) -> Result<Box<RawValue>, DecodeError> {
    let json = if is_cbor(&recorded.data) {
        to_raw_value(&decode_event::<E>(recorded)?)
    } else {
        serde_json::from_slice(&recorded.data)
    };
    json.map_err(|error| DecodeError::new(recorded, error.to_string()))
}

/// Whether this is CBOR of a struct or an enum.
pub fn is_cbor(data: &[u8]) -> bool {
    matches!(data.first(), Some(0x80..=0x9f))
}
