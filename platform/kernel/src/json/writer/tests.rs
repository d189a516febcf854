//! Tests of the JSON writer: it writes what `serde_json` writes.

use super::*;
use crate::{Currency, Money, Timestamp, Uuid};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

fn written(value: &(impl Serialize + ?Sized)) -> Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut JsonWriter::new(&mut out))?;
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

/// What is written is what `serde_json` writes.
fn assert_same(value: &(impl Serialize + ?Sized)) {
    assert_eq!(written(value).unwrap(), serde_json::to_string(value).unwrap());
}

#[derive(Serialize)]
struct Everything<'a> {
    numbers: (u8, i8, u16, i16, u32, i32, u64, i64, u128, i128),
    floats: [f64; 5],
    float: f32,
    #[serde(rename = "a \"name\"\nof eight and more")]
    renamed: char,
    nothing: Option<()>,
    unit: (),
    marker: UnitMarker,
    wrapped: NewtypeText<'a>,
    pair: TwoFields,
    variants: Vec<AnyVariant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u8>,
    #[serde(flatten)]
    flattened: BTreeMap<&'a str, bool>,
    raw: &'a RawValue,
    raws: Vec<Box<RawValue>>,
    after: &'a str,
}

#[derive(Serialize)]
struct UnitMarker;
#[derive(Serialize)]
struct NewtypeText<'a>(&'a str);
#[derive(Serialize)]
struct TwoFields(u8, Option<bool>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum AnyVariant {
    Unit,
    One(u8),
    Two(u8, i8),
    Named { at: Option<u8>, on: bool },
    None {},
}

#[derive(Serialize)]
#[serde(tag = "type", content = "of")]
enum Adjacent {
    Text(String),
    Nothing,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Internal {
    Money(Money),
    Named { text: String },
    Nothing,
}

#[test]
fn every_kind_of_value_is_written_as_by_serde_json() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    assert_same(&Everything {
        numbers: (
            255,
            -128,
            65_535,
            i16::MIN,
            0,
            i32::MIN,
            u64::MAX,
            i64::MIN,
            u128::MAX,
            i128::MIN,
        ),
        floats: [0.0, -1.5, 1e300, f64::NAN, f64::INFINITY],
        float: 0.1,
        renamed: 'ß',
        nothing: None,
        unit: (),
        marker: UnitMarker,
        wrapped: NewtypeText("x"),
        pair: TwoFields(1, Some(true)),
        variants: vec![
            AnyVariant::Unit,
            AnyVariant::One(1),
            AnyVariant::Two(1, -1),
            AnyVariant::Named { at: None, on: true },
            AnyVariant::None {},
        ],
        skipped: None,
        flattened: BTreeMap::from([("more", true), ("than\t", false)]),
        raw: &raw(r#"{"a": [1, "\u0041"]}"#),
        raws: vec![raw("1"), raw("\"x\"")],
        after: "a raw text only once: \"",
    });
    let money = Money::new(-1_250, Currency::EUR);
    assert_same(&[Adjacent::Text("\u{7f}\u{80}".to_owned()), Adjacent::Nothing]);
    assert_same(&[Internal::Money(money), Internal::Named { text: "ä".into() }, Internal::Nothing]);
    assert_same(&(
        Uuid::from_u128(7),
        Timestamp::UNIX_EPOCH,
        "2026-05-31T12:00:00.5Z".parse::<Timestamp>().unwrap(),
    ));
    assert_same(&json!({"z": [null, 1.5, {"": []}], "a": {}, "list": [[], [[]]]}));
    assert_same(&serde_bytes_like(b"\x00\xff"));
    assert_same("");
}

/// Value that serializes as bytes.
fn serde_bytes_like(bytes: &[u8]) -> impl Serialize + '_ {
    struct AsBytes<'a>(&'a [u8]);
    impl Serialize for AsBytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    AsBytes(bytes)
}

#[test]
fn a_key_is_a_text_or_becomes_one() {
    assert_same(&BTreeMap::from([(-1_i64, 1), (7, 2)]));
    assert_same(&BTreeMap::from([(u64::MAX, 1)]));
    assert_same(&BTreeMap::from([(true, 1), (false, 2)]));
    assert_same(&BTreeMap::from([('"', 1), ('ä', 2)]));
    assert_same(&BTreeMap::from([(AnyVariant::Unit, 1)]));
    assert_same(&BTreeMap::from([(Uuid::nil(), 1)]));
    for refused in [
        written(&BTreeMap::from([(AnyVariant::One(1), 1)])),
        written(&BTreeMap::from([((), 1)])),
        written(&BTreeMap::from([(vec![1], 1)])),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), "key must be a string");
    }
    assert!(serde_json::to_string(&BTreeMap::from([(vec![1], 1)])).is_err());
}

#[test]
fn each_character_is_escaped_wherever_it_stands() {
    for code in (0..0x180_u32).chain([0x2028, 0x2029, 0xfeff, 0x1f600]) {
        let Some(character) = char::from_u32(code) else { continue };
        for length in 0..20 {
            for place in 0..=length {
                let (before, after) = ("x".repeat(place), "y".repeat(length - place));
                assert_same(&format!("{before}{character}{after}"));
            }
        }
    }
}

proptest! {
    #[test]
    fn texts_and_numbers_are_written_as_by_serde_json(
        text in ".{0,40}", controls in "[\\x00-\\x24\\x5b-\\x5e]{0,20}", number in any::<i64>(), float in any::<f64>(),
    ) {
        assert_same(&(&text, &controls, number, float, [&text, &controls].map(String::as_bytes)));
        assert_same(&Value::from_iter([(text, controls)]));
    }

    #[test]
    fn what_is_formatted_is_escaped(parts in proptest::collection::vec(".{0,12}", 0..4)) {
        struct Parts<'a>(&'a [String]);
        impl fmt::Display for Parts<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|part| out.write_str(part))
            }
        }
        impl Serialize for Parts<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        assert_same(&Parts(&parts));
    }
}
