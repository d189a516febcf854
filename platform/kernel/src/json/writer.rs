//! JSON writer: a serializer into a vector, byte for byte as compact as `serde_json`'s.
//!
//! It looks for what has to be escaped in eight bytes at a time, and nothing in it can fail but the value itself. Most of
//! an answer is names of fields and short texts, for which looking byte by byte was half of the work.

use serde::{
    Serialize,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
    },
};
use serde_json::{Error, Result};
use std::fmt::{self, Write as _};

/// Name by which `serde_json::value::RawValue` announces itself: the text in it is JSON already.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// Digits of the largest number of 64 bits.
const DIGITS_MAX: usize = 20;
/// The same byte in all places of a word.
const EVERY_BYTE: u64 = u64::MAX / 0xff;
/// The highest bit of each byte of a word.
const HIGH_BITS: u64 = EVERY_BYTE * 0x80;

/// Writer of values into a buffer.
pub(super) struct JsonWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Whether the next text is JSON already.
    is_raw: bool,
}

/// Writer of the entries of an array or object.
pub(super) struct Entries<'w, 'a> {
    writer: &'w mut JsonWriter<'a>,
    is_first: bool,
    /// What ends it, the end of an enclosing object included.
    end: &'static [u8],
}

/// Text that is escaped as it is formatted.
struct Escaped<'w>(&'w mut Vec<u8>);

impl<'a> JsonWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, is_raw: false }
    }

    fn literal(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn unsigned(&mut self, mut number: u64) {
        let mut digits = [0; DIGITS_MAX];
        let mut start = DIGITS_MAX;
        loop {
            start -= 1;
            digits[start] = b"0123456789"[(number % 10) as usize];
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[start..]);
    }

    fn signed(&mut self, number: i64) {
        if number < 0 {
            self.out.push(b'-');
        }
        self.unsigned(number.unsigned_abs());
    }

    fn formatted(&mut self, number: fmt::Arguments<'_>) -> Result<()> {
        Escaped(self.out).write_fmt(number).map_err(Error::custom)
    }

    /// Name of an enum's variant, as the one key of an object.
    fn variant(&mut self, name: &str) {
        self.out.push(b'{');
        quote(self.out, name);
        self.out.push(b':');
    }

    fn entries<'w>(&'w mut self, start: &[u8], end: &'static [u8]) -> Entries<'w, 'a> {
        self.out.extend_from_slice(start);
        Entries { writer: self, is_first: true, end }
    }
}

/// Writes a text in quotation marks.
fn quote(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    escape(out, text.as_bytes());
    out.push(b'"');
}

/// Writes a text with what has to be escaped in it escaped.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let clean = clean_words(text);
    out.extend_from_slice(&text[..clean]);
    for byte in &text[clean..] {
        match byte {
            b'"' => out.extend_from_slice(br#"\""#),
            b'\\' => out.extend_from_slice(br"\\"),
            0x08 => out.extend_from_slice(br"\b"),
            0x0c => out.extend_from_slice(br"\f"),
            b'\n' => out.extend_from_slice(br"\n"),
            b'\r' => out.extend_from_slice(br"\r"),
            b'\t' => out.extend_from_slice(br"\t"),
            0..0x20 => {
                let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
                out.extend_from_slice(br"\u00");
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
            }
            _ => out.push(*byte),
        }
    }
}

/// Length of the part of a text, from its beginning, that is sure to need no escapes.
fn clean_words(text: &[u8]) -> usize {
    let mut clean = 0;
    let (words, _) = text.as_chunks();
    for word in words {
        if needs_escape(*word) {
            return clean;
        }
        clean += word.len();
    }
    // The end once more, with what was looked at before it, where there is as much.
    match text.last_chunk() {
        Some(word) if !needs_escape(*word) => text.len(),
        Some(_) => clean,
        None => {
            let is_clean = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
            if text.iter().all(is_clean) { text.len() } else { 0 }
        }
    }
}

/// Whether one of eight bytes is a quotation mark, a backslash or a control character (S. E. Anderson, "Bit Twiddling
/// Hacks": determine if a word has a zero byte, or a byte less than n).
fn needs_escape(word: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(word);
    let below =
        |word: u64, bound: u8| word.wrapping_sub(EVERY_BYTE * u64::from(bound)) & !word & HIGH_BITS;
    let equal = |byte: u8| below(word ^ (EVERY_BYTE * u64::from(byte)), 1);
    below(word, 0x20) | equal(b'"') | equal(b'\\') != 0
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text.as_bytes());
        Ok(())
    }
}

macro_rules! numbers {
    ($($method:ident($type:ty) as $write:ident;)*) => {
        $(fn $method(self, number: $type) -> Result<()> {
            self.$write(number.into());
            Ok(())
        })*
    };
}

impl<'w, 'a> Serializer for &'w mut JsonWriter<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Entries<'w, 'a>;
    type SerializeTuple = Entries<'w, 'a>;
    type SerializeTupleStruct = Entries<'w, 'a>;
    type SerializeTupleVariant = Entries<'w, 'a>;
    type SerializeMap = Entries<'w, 'a>;
    type SerializeStruct = Entries<'w, 'a>;
    type SerializeStructVariant = Entries<'w, 'a>;

    numbers! {
        serialize_i8(i8) as signed;
        serialize_i16(i16) as signed;
        serialize_i32(i32) as signed;
        serialize_i64(i64) as signed;
        serialize_u8(u8) as unsigned;
        serialize_u16(u16) as unsigned;
        serialize_u32(u32) as unsigned;
        serialize_u64(u64) as unsigned;
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.literal(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i128(self, number: i128) -> Result<()> {
        self.formatted(format_args!("{number}"))
    }

    fn serialize_u128(self, number: u128) -> Result<()> {
        self.formatted(format_args!("{number}"))
    }

    fn serialize_f32(self, number: f32) -> Result<()> {
        serde_json::to_writer(&mut *self.out, &number)
    }

    fn serialize_f64(self, number: f64) -> Result<()> {
        serde_json::to_writer(&mut *self.out, &number)
    }

    fn serialize_char(self, character: char) -> Result<()> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        if self.is_raw {
            self.literal(text);
        } else {
            quote(self.out, text);
        }
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<()> {
        self.out.push(b'"');
        self.formatted(format_args!("{value}"))?;
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<()> {
        self.literal("null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.literal("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.literal("null");
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
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
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Entries<'w, 'a>> {
        Ok(self.entries(b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Entries<'w, 'a>> {
        Ok(self.entries(b"[", b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Entries<'w, 'a>> {
        Ok(self.entries(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'w, 'a>> {
        self.variant(variant);
        Ok(self.entries(b"[", b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'w, 'a>> {
        Ok(self.entries(b"{", b"}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Entries<'w, 'a>> {
        if name == RAW_VALUE {
            self.is_raw = true;
            return Ok(self.entries(b"", b""));
        }
        Ok(self.entries(b"{", b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'w, 'a>> {
        self.variant(variant);
        Ok(self.entries(b"{", b"}}"))
    }
}

impl Entries<'_, '_> {
    fn separate(&mut self) {
        if !self.is_first {
            self.writer.out.push(b',');
        }
        self.is_first = false;
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
        quote(self.writer.out, name);
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    fn finish(self) {
        self.writer.out.extend_from_slice(self.end);
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident;)*) => {
        $(impl $trait for Entries<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! fields {
    ($($trait:ident;)*) => {
        $(impl $trait for Entries<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        })*
    };
}

fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.separate();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let out = &mut *self.writer.out;
        match out.get(start) {
            Some(b'"') => {}
            // Numbers and truth values are keys as texts.
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                out.insert(start, b'"');
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
        self.finish();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
