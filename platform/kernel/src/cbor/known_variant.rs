//! Optional enum of which every variant is known: a field with `#[cbor(with = "kernel::cbor::known_variant", has_nil)]`.
//!
//! The derive takes an unknown variant in an optional field for a missing one, so that a program would go on without what a
//! later one has stored. With this module the event is refused, as it is where the field is not optional.

use minicbor::{
    Decode, Decoder, Encode, Encoder,
    decode::{self},
    encode::{self, Write},
};

pub use super::{is_nil, nil};

/// Writes the option.
///
/// # Errors
///
/// Those of the writer and of the value.
pub fn encode<C, T: Encode<C>, W: Write>(
    value: &Option<T>,
    encoder: &mut Encoder<W>,
    context: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    value.encode(encoder, context)
}

/// Reads the option.
///
/// # Errors
///
/// The bytes are no such value, or one of a variant that this program does not know.
pub fn decode<'b, C, T: Decode<'b, C>>(
    decoder: &mut Decoder<'b>,
    context: &mut C,
) -> Result<Option<T>, decode::Error> {
    Option::decode(decoder, context).map_err(|error| {
        if error.is_unknown_variant() { decode::Error::message(error) } else { error }
    })
}

#[cfg(test)]
mod tests {
    use crate::cbor::{from_slice, to_vec};
    use minicbor::{Decode, Encode};

    #[derive(Clone, Copy, Debug, PartialEq, Encode, Decode)]
    #[cbor(index_only)]
    enum Alert {
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
