//! Enum of which every variant is known, in a field that may be missing: `#[cbor(with = "kernel::cbor::known_variant")]`, and
//! `has_nil` where it is an option.
//!
//! The derive takes an unknown variant in an optional field, or in one with a default (`skip_if`), for a missing field, so
//! that a program would go on without what a later one has stored. With this module the value is refused, as it is where the
//! field is always there.

use minicbor::{
    Decode, Decoder, Encode, Encoder,
    decode::{self},
    encode::{self, Write},
};

pub use super::{is_nil, nil};

/// Writes the value.
///
/// # Errors
///
/// Those of the writer and of the value.
pub fn encode<C, T: Encode<C>, W: Write>(
    value: &T,
    encoder: &mut Encoder<W>,
    context: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    value.encode(encoder, context)
}

/// Reads a value.
///
/// # Errors
///
/// The bytes are no such value, or one of a variant that this program does not know.
pub fn decode<'b, C, T: Decode<'b, C>>(
    decoder: &mut Decoder<'b>,
    context: &mut C,
) -> Result<T, decode::Error> {
    T::decode(decoder, context).map_err(|error| {
        if error.is_unknown_variant() { decode::Error::message(error) } else { error }
    })
}

#[cfg(test)]
mod tests {
    use crate::cbor::{from_slice, to_vec};
    use minicbor::{Decode, Encode};

    #[derive(Clone, Copy, Debug, Default, PartialEq, Encode, Decode)]
    #[cbor(index_only)]
    enum Alert {
        #[default]
        #[n(0)]
        Low,
        #[n(1)]
        Gone,
    }

    #[derive(Debug, PartialEq, Encode, Decode)]
    struct Stock {
        #[n(0)]
        units: i64,
        #[cbor(n(1), with = "super", has_nil)]
        alert: Option<Alert>,
        #[n(2)]
        place: Option<String>,
    }

    #[derive(Debug, PartialEq, Encode, Decode)]
    struct LowStock {
        #[n(0)]
        units: i64,
        #[cbor(n(1), with = "super", skip_if = "Alert::is_low")]
        alert: Alert,
    }

    impl Alert {
        #[expect(clippy::trivially_copy_pass_by_ref, reason = "minicbor hands out references")]
        fn is_low(&self) -> bool {
            *self == Self::Low
        }
    }

    #[test]
    fn an_unknown_variant_is_refused_where_a_missing_one_has_a_default() {
        for (alert, bytes) in [(Alert::Low, 2), (Alert::Gone, 3)] {
            let stock = LowStock { units: 3, alert };
            let cbor = to_vec(&stock).unwrap();
            assert_eq!((cbor.len(), from_slice::<LowStock>(&cbor).unwrap()), (bytes, stock));
        }
        let error = from_slice::<LowStock>(&[0x82, 3, 2]).unwrap_err().to_string();
        assert!(error.contains("unknown"), "{error}");
    }

    #[test]
    fn an_unknown_variant_is_refused_and_a_missing_one_is_none() {
        for alert in [None, Some(Alert::Low), Some(Alert::Gone)] {
            for place in [None, Some("east".to_owned())] {
                let stock = Stock { units: 3, alert, place };
                assert_eq!(from_slice::<Stock>(&to_vec(&stock).unwrap()).unwrap(), stock);
            }
        }
        assert_eq!(to_vec(&Stock { units: 3, alert: None, place: None }).unwrap(), [0x81, 3]);
        for unknown in [[0x82, 3, 2].as_slice(), &[0x83, 3, 9, 0xf6], &[0x83, 3, 2, 0x61, b'e']] {
            let error = from_slice::<Stock>(unknown).unwrap_err().to_string();
            assert!(error.contains("unknown"), "{error}");
        }
    }
}
