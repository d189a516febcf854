//! JSON: strict reading, in which an array is no object, and writing without spare capacity.
//!
//! Serde reads a struct also from a sequence of its fields in the order of their declaration. For a public API that would be
//! a second, undocumented notation, in which a wrong order of fields goes unnoticed. [`Strict`] wraps a deserializer and
//! all that it hands out, and refuses a sequence wherever a struct is wanted.

use crate::scratch;
use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
        Visitor,
    },
};
use std::fmt;

/// Message of the error for a sequence in place of a struct.
pub const OBJECT_WANTED: &str = "an object is wanted, not an array";

/// Deserializes a value from a whole JSON text, with an array nowhere taken for an object.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Label {
///     text: String,
///     copies: u32,
/// }
///
/// let label: Label = kernel::json::from_slice(br#"{"text": "fragile", "copies": 2}"#).unwrap();
/// assert_eq!((&*label.text, label.copies), ("fragile", 2));
/// let error = kernel::json::from_slice::<Label>(br#"["fragile", 2]"#).err().unwrap();
/// assert!(error.to_string().starts_with(kernel::json::OBJECT_WANTED));
/// ```
///
/// # Errors
///
/// The text is not JSON, or not that of a `T`.
pub fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(Strict(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// Message of a deserialization error in the words of JSON. Serde ends such a message with what was expected, in words of
/// Rust, such as `expected struct NewItem` or `expected u8`; all else stays as it is.
///
/// ```
/// use kernel::json::in_words_of_json;
///
/// let message = in_words_of_json("invalid type: integer `3`, expected struct NewItem");
/// assert_eq!(message, "invalid type: integer `3`, expected an object");
/// ```
pub fn in_words_of_json(message: &str) -> String {
    const EXPECTED: &str = ", expected ";
    // The value before it may contain the same words.
    match message.rsplit_once(EXPECTED) {
        Some((found, expected)) => format!("{found}{EXPECTED}{}", expectation(expected)),
        None => message.to_owned(),
    }
}

/// Expectation of a serde visitor in the words of JSON: `an object` for `struct NewItem`.
pub fn expectation(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number from 0",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a borrowed string" => "a string",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "string or map" => "a string or an object",
        other => match other.split_once(' ') {
            Some(("struct" | "internally" | "adjacently", _)) => "an object",
            Some(("enum", _)) => "a string or an object",
            Some(("tuple", _)) => "an array",
            Some(("unit", _)) => "null",
            _ => other,
        },
    }
}

/// Wrapper of a deserializer, and of its visitors, seeds and accesses, that refuses a sequence where a struct is wanted.
#[derive(Debug)]
pub struct Strict<T>(pub T);

/// Visitor of a struct: as [`Strict`], but without sequences.
struct StructVisitor<V>(V);

macro_rules! deserialize {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {
        $(#[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* Strict(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    deserialize! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, StructVisitor(visitor))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident($type:ty);)*) => {
        $(#[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(out)
    }

    visit! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(deserializer))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(sequence))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(map))
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Strict(access))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for StructVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(out)
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(map))
    }

    #[cold]
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<V::Value, A::Error> {
        Err(A::Error::custom(OBJECT_WANTED))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(Strict(seed))?;
        Ok((value, Strict(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Strict(visitor))
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, StructVisitor(visitor))
    }
}

/// Writes a value as JSON, as `serde_json::to_vec` does, into a vector without spare capacity: it is written into a buffer of
/// the thread first, which does not have to grow from one value to the next.
///
/// ```
/// let json = kernel::json::to_vec(&[1, 2]).unwrap();
/// assert_eq!(json, b"[1,2]");
/// assert_eq!(json.capacity(), json.len());
/// ```
///
/// # Errors
///
/// Those of `serde_json::to_vec`: a map whose keys are no texts, or an error of the value itself.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    scratch::written(|buffer| serde_json::to_writer(buffer, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Money};
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shipment {
        #[serde(default)]
        lines: Vec<Item>,
        #[serde(default)]
        gift: Option<Item>,
        #[serde(default)]
        by_name: BTreeMap<String, Item>,
        #[serde(default)]
        wrapped: Option<Wrapped>,
        #[serde(default)]
        colour: Option<Colour>,
        #[serde(default)]
        pair: Option<(Item, u8)>,
        #[serde(default)]
        price: Option<Money>,
        #[serde(default)]
        free: Value,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Item {
        sku: String,
        quantity: u32,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Item);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Mixed(u8, u8),
        Named { name: String },
        Like(Item),
    }

    #[test]
    fn an_array_is_refused_wherever_an_object_is_wanted() {
        for text in [
            r"[]",
            r#"[[{"sku":"A","quantity":1}]]"#,
            r#"[[["A",2]],null]"#,
            r#"{"lines":[["A",2]]}"#,
            r#"{"lines":[{"sku":"A","quantity":1},["A",2]]}"#,
            r#"{"gift":["A",2]}"#,
            r#"{"by_name":{"a":["A",2]}}"#,
            r#"{"wrapped":["A",2]}"#,
            r#"{"colour":{"named":["x"]}}"#,
            r#"{"colour":{"like":["A",2]}}"#,
            r#"{"pair":[["A",2],1]}"#,
            r#"{"price":[100,"EUR"]}"#,
            r#"{"gift":[]}"#,
        ] {
            let error = from_slice::<Shipment>(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(OBJECT_WANTED), "{text}: {error}");
            let plain = serde_json::from_str::<Vec<Value>>(text);
            assert!(plain.is_ok() || text.starts_with('{'), "{text} is JSON");
        }
    }

    #[test]
    fn an_error_names_no_type_of_rust() {
        for (text, expected) in [
            ("3", "invalid type: integer `3`, expected an object"),
            (r#"{"lines":3}"#, "invalid type: integer `3`, expected an array"),
            (
                r#"{"lines":["a, expected u8"]}"#,
                "invalid type: string \"a, expected u8\", expected an object",
            ),
            (r#"{"by_name":true}"#, "invalid type: boolean `true`, expected an object"),
            (r#"{"wrapped":"x"}"#, "invalid type: string \"x\", expected an object"),
            (r#"{"colour":{"named":1}}"#, "invalid type: integer `1`, expected an object"),
            (r#"{"colour":{"mixed":{}}}"#, "invalid type: map, expected an array"),
            (r#"{"gift":{"sku":null,"quantity":1}}"#, "invalid type: null, expected a string"),
            (
                r#"{"gift":{"sku":"A","quantity":-1}}"#,
                "invalid value: integer `-1`, expected a whole number from 0 to 4294967295",
            ),
            (
                r#"{"gift":{"sku":"A","quantity":1.5}}"#,
                "invalid type: floating point `1.5`, expected a whole number from 0 to 4294967295",
            ),
            (
                r#"{"pair":[{"sku":"A","quantity":1},300]}"#,
                "invalid value: integer `300`, expected a whole number from 0 to 255",
            ),
            (
                r#"{"colour":"blue"}"#,
                "unknown variant `blue`, expected one of `red`, `mixed`, `named`, `like`",
            ),
        ] {
            let error = from_slice::<Shipment>(text.as_bytes()).unwrap_err().to_string();
            let message = error.split(" at line ").next().unwrap();
            assert_eq!(in_words_of_json(message), expected, "{text}");
        }
        for expected in
            ["struct variant A::B", "internally tagged enum A", "struct A with 2 elements"]
        {
            assert_eq!(expectation(expected), "an object");
        }
    }

    #[test]
    fn all_else_is_read_as_before() {
        for text in [
            r"{}",
            r#"{"lines":[{"sku":"A","quantity":1}],"gift":{"sku":"\u0042","quantity":2}}"#,
            r#"{"by_name":{"a":{"sku":"A","quantity":2}},"gift":null}"#,
            r#"{"wrapped":{"sku":"A","quantity":2},"colour":"red"}"#,
            r#"{"colour":{"mixed":[1,2]},"pair":[{"sku":"A","quantity":2},1]}"#,
            r#"{"colour":{"named":{"name":"x"}},"price":{"amount":100,"currency":"EUR"}}"#,
            r#"{"colour":{"like":{"sku":"A","quantity":2}},"free":[[1,2.5],{"a":[true,null,-1]}]}"#,
        ] {
            let plain: Shipment = serde_json::from_str(text).unwrap();
            assert_eq!(from_slice::<Shipment>(text.as_bytes()).unwrap(), plain, "{text}");
        }
        let money: Money = from_slice(br#"{"amount":100,"currency":"EUR"}"#).unwrap();
        assert_eq!(money.currency, Currency::EUR);
        for text in [
            r#"{"lines":3}"#,
            r#"{"unknown":1}"#,
            r#"{"lines":[}"#,
            r"{} x",
            r#"{"gift":{"sku":1}}"#,
        ] {
            let (strict, plain) = (
                from_slice::<Shipment>(text.as_bytes()).unwrap_err(),
                serde_json::from_str::<Shipment>(text).unwrap_err(),
            );
            assert_eq!(strict.to_string(), plain.to_string(), "{text}");
        }
    }
}
