//! Writer of JSON: a serializer whose text is that of `serde_json`, byte for byte, in fewer instructions. It looks for what must
//! be escaped in eight bytes at a time instead of one; most texts, and all names of fields, have none.

use serde::{
    Serialize,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
    },
};
use serde_json::{Error, Result};
use std::fmt;

/// Name of the struct, and of its field, as which `serde_json` serialises a text that is JSON already.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Writer of one JSON text.
#[derive(Debug)]
pub(super) struct JsonWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Whether the next text is JSON already.
    is_raw: bool,
}

/// Array or object that is being written.
#[derive(Debug)]
pub(super) struct Compound<'w, 'a> {
    writer: &'w mut JsonWriter<'a>,
    is_empty: bool,
    /// What closes it.
    end: &'static [u8],
}

impl<'a> JsonWriter<'a> {
    /// Writer that appends to this text.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, is_raw: false }
    }

    fn raw(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    fn text(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        write_escaped(self.out, text);
        self.out.push(b'"');
    }

    fn unsigned(&mut self, number: u64) {
        let (mut digits, mut begin, mut rest) = ([0_u8; 20], 20, number);
        loop {
            begin -= 1;
            digits[begin] = b"0123456789"[usize::try_from(rest % 10).unwrap_or_default()];
            rest /= 10;
            if rest == 0 {
                return self.raw(&digits[begin..]);
            }
        }
    }

    fn signed(&mut self, number: i64) {
        if number < 0 {
            self.out.push(b'-');
        }
        self.unsigned(number.unsigned_abs());
    }

    fn name(&mut self, name: &str) {
        self.text(name);
        self.out.push(b':');
    }

    /// Begins an array or an object.
    fn begin<'w>(&'w mut self, begin: &[u8], end: &'static [u8]) -> Compound<'w, 'a> {
        self.raw(begin);
        Compound { writer: self, is_empty: true, end }
    }

    /// Begins the array or the object of a variant.
    fn variant<'w>(&'w mut self, name: &str, begin: &[u8], end: &'static [u8]) -> Compound<'w, 'a> {
        self.out.push(b'{');
        self.name(name);
        self.begin(begin, end)
    }
}

/// Whether one of eight bytes must be escaped: a quotation mark, a backslash, or a control character.
fn has_special(eight: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_ne_bytes(eight);
    // The highest bit of a byte is set if the byte is below the limit, or if one before it was; no byte from 0x80 counts.
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    let quotation_mark = below(bytes ^ (ONES * u64::from(b'"')), 1);
    let backslash = below(bytes ^ (ONES * u64::from(b'\\')), 1);
    (below(bytes, 0x20) | quotation_mark | backslash) & (ONES * 0x80) != 0
}

/// Bytes of a text shorter than eight, padded with spaces or repeated: half of the names of fields are as short.
fn padded(text: &[u8]) -> [u8; 8] {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let mut eight = [0; 8];
        eight[..4].copy_from_slice(first);
        eight[4..].copy_from_slice(last);
        return eight;
    }
    let spaces = u64::from_be_bytes([b' '; 8]);
    text.iter().fold(spaces, |word, byte| word << 8 | u64::from(*byte)).to_ne_bytes()
}

/// Writes a text, and escapes in it what JSON does not allow.
fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let needs_escapes = match bytes.last_chunk() {
        // The last eight bytes may overlap those before.
        Some(last) => has_special(*last) || bytes.as_chunks().0.iter().any(|it| has_special(*it)),
        None => has_special(padded(bytes)),
    };
    if !needs_escapes {
        return out.extend_from_slice(bytes);
    }
    for byte in bytes {
        let escape = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x00..0x20 => {
                let digits = b"0123456789abcdef";
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digits[high], digits[low]]);
                continue;
            }
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escape]);
    }
}

/// Text that is written and escaped piece by piece.
struct Pieces<'a>(&'a mut Vec<u8>);

impl fmt::Write for Pieces<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        write_escaped(self.0, piece);
        Ok(())
    }
}

macro_rules! numbers {
    ($($method:ident $write:ident $type:ty;)*) => {$(
        #[inline]
        fn $method(self, number: $type) -> Result<()> {
            self.$write(number.into());
            Ok(())
        }
    )*};
}

/// Methods for numbers that are rare enough to be left to `serde_json`.
macro_rules! rare_numbers {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(self, number: $type) -> Result<()> {
            serde_json::to_writer(&mut *self.out, &number)
        }
    )*};
}

impl<'w, 'a> Serializer for &'w mut JsonWriter<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'w, 'a>;
    type SerializeTuple = Compound<'w, 'a>;
    type SerializeTupleStruct = Compound<'w, 'a>;
    type SerializeTupleVariant = Compound<'w, 'a>;
    type SerializeMap = Compound<'w, 'a>;
    type SerializeStruct = Compound<'w, 'a>;
    type SerializeStructVariant = Compound<'w, 'a>;

    numbers! {
        serialize_u8 unsigned u8;
        serialize_u16 unsigned u16;
        serialize_u32 unsigned u32;
        serialize_u64 unsigned u64;
        serialize_i8 signed i8;
        serialize_i16 signed i16;
        serialize_i32 signed i32;
        serialize_i64 signed i64;
    }

    rare_numbers! {
        serialize_u128 u128;
        serialize_i128 i128;
        serialize_f32 f32;
        serialize_f64 f64;
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.raw(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<()> {
        if self.is_raw {
            self.raw(text);
        } else {
            self.text(text);
        }
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.raw("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.out.push(b'{');
        self.name(name);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w, 'a>> {
        Ok(self.begin(b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'w, 'a>> {
        Ok(self.begin(b"[", b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'w, 'a>> {
        Ok(self.begin(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Compound<'w, 'a>> {
        Ok(self.variant(name, b"[", b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w, 'a>> {
        Ok(self.begin(b"{", b"}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'w, 'a>> {
        self.is_raw = name == RAW_VALUE;
        Ok(if self.is_raw { self.begin(b"", b"") } else { self.begin(b"{", b"}") })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Compound<'w, 'a>> {
        Ok(self.variant(name, b"{", b"}}"))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<()> {
        self.out.push(b'"');
        fmt::Write::write_fmt(&mut Pieces(self.out), format_args!("{value}"))
            .map_err(Error::custom)?;
        self.out.push(b'"');
        Ok(())
    }
}

impl Compound<'_, '_> {
    #[inline]
    fn separate(&mut self) {
        if !self.is_empty {
            self.writer.out.push(b',');
        }
        self.is_empty = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        if self.writer.is_raw {
            let written = value.serialize(&mut *self.writer);
            self.writer.is_raw = false;
            return written;
        }
        self.separate();
        self.writer.name(name);
        value.serialize(&mut *self.writer)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature of every end")]
    fn finish(self) -> Result<()> {
        self.writer.raw(self.end);
        Ok(())
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.separate();
        let begin = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let out = &mut *self.writer.out;
        match out.get(begin) {
            Some(b'"') => {}
            // A number or a truth value becomes a text.
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                out.insert(begin, b'"');
                out.push(b'"');
            }
            _ => return Err(Error::custom("key must be a string")),
        }
        out.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::json::to_vec;
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json, value::RawValue};
    use std::{collections::BTreeMap, fmt::Debug};

    fn is_as_serde_json_writes_it<T: Serialize + Debug>(value: &T) {
        let (ours, theirs) = (to_vec(value), serde_json::to_vec(value));
        match theirs {
            Ok(theirs) => assert_eq!(
                String::from_utf8(ours.unwrap()).unwrap(),
                String::from_utf8(theirs).unwrap()
            ),
            Err(error) => assert_eq!(ours.unwrap_err().to_string(), error.to_string()),
        }
    }

    #[derive(Debug, Serialize)]
    struct Unit;

    #[derive(Debug, Serialize)]
    struct Newtype(u8);

    #[derive(Debug, Serialize)]
    struct Pair(char, &'static str);

    #[derive(Debug, Default, Serialize)]
    struct Fields {
        #[serde(rename = "a \"name\"\n")]
        named: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        skipped: Option<u8>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Choice {
        Unit,
        Newtype(u8),
        Tuple(u8, Option<bool>),
        Struct { field: &'static str },
    }

    #[derive(Debug, Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        One { value: i8 },
        Two,
    }

    #[test]
    fn every_kind_of_value_is_written_as_serde_json_writes_it() {
        is_as_serde_json_writes_it(&(Unit, Newtype(7), Pair('"', "a\tb"), ()));
        let rest = BTreeMap::from([("x".to_owned(), json!([1, {"y": null}]))]);
        is_as_serde_json_writes_it(&Fields { rest, ..Fields::default() });
        is_as_serde_json_writes_it(&Fields {
            named: Some(-1),
            skipped: Some(1),
            ..Fields::default()
        });
        is_as_serde_json_writes_it(&[
            Choice::Unit,
            Choice::Newtype(1),
            Choice::Tuple(2, Some(true)),
            Choice::Tuple(3, None),
            Choice::Struct { field: "\\" },
        ]);
        is_as_serde_json_writes_it(&[Tagged::One { value: -1 }, Tagged::Two]);
        is_as_serde_json_writes_it(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX, 0_u8));
        is_as_serde_json_writes_it(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, 0_i8));
        is_as_serde_json_writes_it(&(0.1_f32, 1.0_f64, -2.5e300, f64::NAN, f64::INFINITY));
        is_as_serde_json_writes_it(&(Vec::<u8>::new(), BTreeMap::<u8, u8>::new(), true, false));
        is_as_serde_json_writes_it(&format_args!("{}\n{}", "\"", 1));
    }

    #[test]
    fn keys_are_texts_or_an_error() {
        is_as_serde_json_writes_it(&BTreeMap::from([("a\"b", 1), ("", 2)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(-1, 1), (12, 2)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(true, 1), (false, 2)]));
        is_as_serde_json_writes_it(&BTreeMap::from([('"', 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(Choice::Unit, 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(Choice::Newtype(1), 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(Some("a"), 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(None::<u8>, 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([((), 1)]));
        is_as_serde_json_writes_it(&BTreeMap::from([(vec![1], 1)]));
    }

    #[test]
    fn what_is_json_already_stays_as_it_is() {
        let raw = RawValue::from_string("{\"a\" : [ 1,\t\"x\\n\" ]}".to_owned()).unwrap();
        is_as_serde_json_writes_it(&raw);
        is_as_serde_json_writes_it(&("\n", &raw, "\"", BTreeMap::from([("k", &raw)])));
    }

    #[test]
    fn each_byte_is_escaped_at_each_place_of_a_text() {
        for special in (0..=0x7f_u8).chain([0xc3]) {
            let special = if special == 0xc3 { 'é' } else { char::from(special) };
            for length in 0..20 {
                for place in 0..=length {
                    let mut text = "x".repeat(length);
                    text.insert(place, special);
                    is_as_serde_json_writes_it(&text);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in ".{0,40}", other in "[\\x00-\\x7f]{0,40}") {
            is_as_serde_json_writes_it(&text);
            is_as_serde_json_writes_it(&BTreeMap::from([(&other, &text)]));
        }
    }
}
