//! SKU (stock keeping unit): the merchant's own name of a variant.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

/// The longest SKU, in bytes of UTF-8.
pub const SKU_BYTES_MAX: usize = 200;

/// SKU, compared, ordered and hashed without regard to the case of ASCII letters, and shown as it was first written.
///
/// [`Sku::parse`] takes what people and programs send. Deserialising and decoding take any text: what was stored once stays readable,
/// whatever the rule is today.
#[derive(Clone)]
pub struct Sku(Arc<str>);

/// Error of [`Sku::parse`]: the text is empty, longer than [`SKU_BYTES_MAX`], padded with spaces, or unprintable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSku;

impl Sku {
    /// A SKU as somebody sends it.
    ///
    /// ```
    /// use identifiers::Sku;
    ///
    /// assert!(Sku::parse("MUG-A").is_ok());
    /// assert!(Sku::parse(" MUG-A").is_err() && Sku::parse("").is_err() && Sku::parse("A\tB").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidSku> {
        Self::check(text).map(|()| Self(Arc::from(text)))
    }

    /// Whether [`Sku::parse`] takes this text, for one that was read as any.
    pub fn check(text: &str) -> Result<(), InvalidSku> {
        let is_printable = !text.chars().any(char::is_control);
        let fits = !text.is_empty() && text.len() <= SKU_BYTES_MAX;
        if fits && is_printable && text.trim() == text { Ok(()) } else { Err(InvalidSku) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling that all spellings of it share: its key in storage and in maps of text.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Order of two texts without regard to the case of ASCII letters. Most pairs begin alike, as the SKUs of one shop do, so
/// that is skipped eight bytes at a time.
fn compare_folded(one: &[u8], other: &[u8]) -> Ordering {
    let ((words, _), (other_words, _)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let alike = words.iter().zip(other_words).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[8 * alike..], &other[8 * alike..]);
    for (one, other) in one.iter().zip(other) {
        if one != other {
            match one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()) {
                Ordering::Equal => {}
                different => return different,
            }
        }
    }
    one.len().cmp(&other.len())
}

impl PartialEq for Sku {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Sku {}

impl Hash for Sku {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Folded in pieces: a hasher takes a slice for little more than a byte.
        let mut folded = [0; 32];
        for piece in self.0.as_bytes().chunks(folded.len()) {
            folded[..piece.len()].copy_from_slice(piece);
            folded[..piece.len()].make_ascii_lowercase();
            state.write(&folded[..piece.len()]);
        }
        state.write_u8(0xff);
    }
}

impl PartialOrd for Sku {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sku {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_folded(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Sku {
    type Err = InvalidSku;

    fn from_str(text: &str) -> Result<Self, InvalidSku> {
        Self::parse(text)
    }
}

impl fmt::Display for InvalidSku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "must be 1 to {SKU_BYTES_MAX} bytes, printable, without spaces around it")
    }
}

impl std::error::Error for InvalidSku {}

impl Serialize for Sku {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sku {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self(Arc::from(&*text)))
    }
}

impl<C> Encode<C> for Sku {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Sku {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        decoder.str().map(|text| Self(Arc::from(text)))
    }
}

impl JsonSchema for Sku {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sku".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashSet};

    fn sku(text: &str) -> Sku {
        Sku::parse(text).unwrap()
    }

    #[test]
    fn one_sku_whatever_its_case() {
        for (one, other) in [("MUG-A", "mug-a"), ("Ä-b", "Ä-B"), ("50%", "50%"), ("a b", "A B")] {
            assert_eq!(sku(one), sku(other));
            assert_eq!(sku(one).key(), sku(other).key());
            assert_eq!(HashSet::from([sku(one), sku(other)]).len(), 1);
            assert_eq!(BTreeSet::from([sku(one), sku(other)]).len(), 1);
        }
        for (one, other) in [("A", "A+"), ("C", "C#"), ("1.5", "1,5"), ("XL", "XL+"), ("ä", "Ä")]
        {
            assert_ne!(sku(one), sku(other));
            assert_ne!(sku(one).key(), sku(other).key());
        }
    }

    #[test]
    fn what_is_stored_stays_readable_and_keeps_its_spelling() {
        for text in ["MUG-A", " padded ", "", "tab\there"] {
            let json = serde_json::to_string(text).unwrap();
            let sku: Sku = serde_json::from_str(&json).unwrap();
            assert_eq!((sku.as_str(), serde_json::to_string(&sku).unwrap()), (text, json));
        }
    }

    proptest! {
        #[test]
        fn equality_order_hash_and_key_agree(
            start in "[A-Ca-c]{0,18}", one in "[ -~]{1,4}", other in "[ -~]{1,4}",
        ) {
            // What they begin with may differ in case alone.
            let (one, other) = (start.to_lowercase() + &one, start + &other);
            let (one, other) = (Sku(Arc::from(one)), Sku(Arc::from(other)));
            let equal = one == other;
            prop_assert_eq!(equal, one.cmp(&other) == Ordering::Equal);
            prop_assert_eq!(equal, one.key() == other.key());
            prop_assert_eq!(one.cmp(&other), one.key().cmp(&other.key()));
            prop_assert_eq!(equal, HashSet::from([one, other]).len() == 1);
        }
    }
}
