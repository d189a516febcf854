//! CBOR (RFC 8949) of values, by minicbor: whole values, and the fields that its derive needs help with.
//!
//! Everything is in its shortest form: identifiers as 16 bytes, times as microseconds, money as minor units with the code
//! of its currency.
//!
//! ```
//! use kernel::{Timestamp, Uuid};
//! use minicbor::{Decode, Encode};
//!
//! #[derive(Debug, PartialEq, Encode, Decode)]
//! struct Visit {
//!     #[cbor(n(0), with = "kernel::cbor")]
//!     at: Timestamp,
//!     #[cbor(n(1), with = "kernel::cbor", has_nil)]
//!     visitor: Option<Uuid>,
//! }
//!
//! let visit = Visit { at: Timestamp::UNIX_EPOCH, visitor: None };
//! let cbor = kernel::cbor::to_vec(&visit).unwrap();
//! assert_eq!(cbor, [0x81, 0x00]);
//! assert_eq!(kernel::cbor::from_slice::<Visit>(&cbor).unwrap(), visit);
//! ```

use crate::{Timestamp, scratch};
use minicbor::{
    Decode, Decoder, Encode, Encoder,
    data::Type,
    decode::{self},
    encode::{self, Write},
};
use std::{convert::Infallible, sync::Arc};
use uuid::Uuid;

pub mod known_variant;

/// Writes a value as CBOR, into a vector without spare capacity.
///
/// # Errors
///
/// An error of the value itself.
pub fn to_vec<T: Encode<()> + ?Sized>(value: &T) -> Result<Vec<u8>, encode::Error<Infallible>> {
    scratch::written(|buffer| minicbor::encode(value, buffer))
}

/// Reads a value that takes up all the bytes.
///
/// # Errors
///
/// The bytes are not CBOR of this type, or there are more of them.
pub fn from_slice<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, decode::Error> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    if decoder.position() == bytes.len() {
        Ok(value)
    } else {
        Err(decode::Error::message("there are bytes behind the end").at(decoder.position()))
    }
}

/// Value of a type of another crate that has no CBOR form there: a field with `#[cbor(with = "kernel::cbor")]`, and with
/// `has_nil` where it is an option.
pub trait Foreign: Sized {
    /// Writes the value.
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>>;

    /// Reads a value.
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error>;
}

/// A UUID is its 16 bytes.
impl Foreign for Uuid {
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        encoder.bytes(self.as_bytes())?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        Self::from_slice(decoder.bytes()?).map_err(decode::Error::custom)
    }
}

/// A timestamp is its microseconds since 1970; a finer one is an array of seconds and nanoseconds.
impl Foreign for Timestamp {
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        if self.subsec_nanosecond() % 1_000 == 0 {
            return encoder.i64(self.as_microsecond())?.ok();
        }
        encoder.array(2)?.i64(self.as_second())?.i32(self.subsec_nanosecond())?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let read = if decoder.datatype()? == Type::Array {
            let (second, nanosecond) = decoder.decode()?;
            Self::new(second, nanosecond)
        } else {
            Self::from_microsecond(decoder.i64()?)
        };
        read.map_err(decode::Error::custom)
    }
}

/// A shared value is the value.
impl<T: Encode<()> + for<'b> Decode<'b, ()>> Foreign for Arc<T> {
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        encoder.encode(&**self)?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        decoder.decode().map(Self::new)
    }
}

impl<T: Foreign> Foreign for Option<T> {
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        match self {
            Some(value) => value.write(encoder),
            None => encoder.null()?.ok(),
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        if decoder.datatype()? == Type::Null {
            return decoder.null().map(|()| None);
        }
        T::read(decoder).map(Some)
    }
}

impl<T: Foreign> Foreign for Vec<T> {
    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        encoder.array(self.len() as u64)?;
        self.iter().try_for_each(|value| value.write(encoder))
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let length = decoder.array()?;
        let length = length.ok_or_else(|| decode::Error::message("an array without length"))?;
        (0..length).map(|_| T::read(decoder)).collect()
    }
}

/// Writes a foreign value: what minicbor's derive calls.
///
/// # Errors
///
/// Those of the writer.
pub fn encode<C, T: Foreign, W: Write>(
    value: &T,
    encoder: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    value.write(encoder)
}

/// Reads a foreign value: what minicbor's derive calls.
///
/// # Errors
///
/// The bytes are no such value.
pub fn decode<C, T: Foreign>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<T, decode::Error> {
    T::read(decoder)
}

/// Value of a missing option: what minicbor's derive calls.
pub fn nil<T>() -> Option<Option<T>> {
    Some(None)
}

/// Whether an option may be left out: what minicbor's derive calls.
pub fn is_nil<T>(value: &Option<T>) -> bool {
    value.is_none()
}
