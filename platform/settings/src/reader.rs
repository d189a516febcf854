//! Turns the values of a section into its struct; text from the environment takes the type the struct asks for.

use crate::Origin;
use crate::secret::{self, REDACTED};
use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A value with the key it belongs to and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: String,
    pub(crate) origin: Origin,
    pub(crate) content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// From a default or a file, which have types of their own.
    Typed(Value),
    /// From the environment or a flag, which have only text.
    Text(String),
    /// Several keys.
    Table(BTreeMap<String, Node>),
}

impl Node {
    /// The value for people, cut when it is long.
    pub(crate) fn shown(&self) -> String {
        let mut text = match &self.content {
            Content::Typed(value) => value.to_string(),
            Content::Text(text) => format!("{text:?}"),
            Content::Table(_) => "a table".to_owned(),
        };
        if let Some((cut, _)) = text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
            text.replace_range(cut.., "…");
        }
        text
    }

    fn child(&self, name: &str, value: Value) -> Self {
        let key = crate::section::joined(&self.key, name);
        Self { key, origin: self.origin.clone(), content: Content::Typed(value) }
    }
}

const SHOWN_CHARACTERS_MAX: usize = 60;

/// What was wrong with a value and what would be right.
#[derive(Debug)]
pub(crate) struct ReadError {
    sentence: String,
    /// Whether the sentence already says which key it is about.
    located: bool,
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self { sentence: message.to_string(), located: false }
    }

    // The value itself is shown once, by its place, and not at all when it is secret.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("expected one of {}", expected.join(", ")))
    }
}

/// Reads one [`Node`] and remembers which keys turned out to be secret.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) node: Node,
    pub(crate) secrets: &'a RefCell<BTreeSet<String>>,
}

impl Reader<'_> {
    fn with(&self, node: Node) -> Self {
        Self { node, secrets: self.secrets }
    }

    fn is_secret(&self) -> bool {
        self.secrets.borrow().contains(&self.node.key)
    }

    /// Runs a read and says where it failed.
    fn located<T>(self, read: impl FnOnce(Self) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let (node, secrets) = (self.node.clone(), self.secrets);
        read(self).map_err(|error| {
            let ReadError { sentence: what, located: false } = error else { return error };
            let sentence = match &node.content {
                Content::Table(_) if node.key.is_empty() => what,
                Content::Table(_) => format!("`{}`: {what}", node.key),
                _ if secrets.borrow().contains(&node.key) => {
                    format!("`{}` cannot be {REDACTED} ({}): {what}", node.key, node.origin)
                }
                _ => format!("`{}` cannot be {} ({}): {what}", node.key, node.shown(), node.origin),
            };
            ReadError { sentence, located: true }
        })
    }

    /// Whatever the value is by itself.
    fn read_typed<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.content {
            Content::Text(text) => visitor.visit_str(text),
            Content::Table(table) => {
                let entries =
                    table.iter().map(|(name, node)| (name.as_str(), self.with(node.clone())));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Content::Typed(value) => match value {
                Value::Null => visitor.visit_unit(),
                Value::Bool(value) => visitor.visit_bool(*value),
                Value::String(text) => visitor.visit_str(text),
                Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                    (Some(number), _) => visitor.visit_u64(number),
                    (_, Some(number)) => visitor.visit_i64(number),
                    _ => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
                },
                Value::Array(items) => {
                    let items = items.iter().enumerate().map(|(position, item)| {
                        self.with(self.node.child(&position.to_string(), item.clone()))
                    });
                    visitor.visit_seq(SeqDeserializer::new(items))
                }
                Value::Object(fields) => {
                    let fields = fields.iter().map(|(name, value)| {
                        (name.as_str(), self.with(self.node.child(name, value.clone())))
                    });
                    visitor.visit_map(MapDeserializer::new(fields))
                }
            },
        }
    }

    /// Text that must be JSON because it has no simpler form.
    fn parsed_as_json(mut self, text: &str, expected: &str) -> Result<Self, ReadError> {
        let value = serde_json::from_str(text);
        self.node.content = Content::Typed(value.map_err(|_| de::Error::custom(expected))?);
        Ok(self)
    }

    /// Text as a list: JSON in brackets, otherwise separated by commas.
    fn parsed_as_list(mut self) -> Result<Self, ReadError> {
        let Content::Text(text) = self.node.content.clone() else {
            return Ok(self);
        };
        if text.trim_start().starts_with('[') {
            return self.parsed_as_json(&text, "expected a list such as a,b,c or [\"a\", \"b\"]");
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let entries = items.enumerate().map(|(position, item)| {
            let key = crate::section::joined(&self.node.key, &position.to_string());
            let node = Node {
                key,
                origin: self.node.origin.clone(),
                content: Content::Text(item.to_owned()),
            };
            // Wide enough that the positions stay in order.
            (format!("{position:010}"), node)
        });
        self.node.content = Content::Table(entries.collect());
        Ok(self)
    }
}

impl IntoDeserializer<'_, ReadError> for Reader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Text becomes the number or truth value asked for; everything else is what it is.
macro_rules! from_text {
    ($($method:ident => $visit:ident, $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.located(|reader| match &reader.node.content {
                Content::Text(text) => match text.trim().parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(de::Error::custom(concat!("expected ", $expected))),
                },
                _ => reader.read_typed(visitor),
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct identifier ignored_any
    }

    from_text! {
        deserialize_bool => visit_bool, bool, "true or false";
        deserialize_u8 => visit_u64, u64, "a whole number";
        deserialize_u16 => visit_u64, u64, "a whole number";
        deserialize_u32 => visit_u64, u64, "a whole number";
        deserialize_u64 => visit_u64, u64, "a whole number";
        deserialize_i8 => visit_i64, i64, "a whole number";
        deserialize_i16 => visit_i64, i64, "a whole number";
        deserialize_i32 => visit_i64, i64, "a whole number";
        deserialize_i64 => visit_i64, i64, "a whole number";
        deserialize_f32 => visit_f64, f64, "a number";
        deserialize_f64 => visit_f64, f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.located(|reader| reader.read_typed(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.content {
            Content::Typed(Value::Null) => visitor.visit_none(),
            Content::Text(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == secret::TYPE_NAME && !self.is_secret() {
            self.secrets.borrow_mut().insert(self.node.key.clone());
        }
        self.located(|reader| visitor.visit_newtype_struct(reader))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.located(|reader| {
            let reader = reader.parsed_as_list()?;
            match &reader.node.content {
                Content::Table(items) => {
                    let items = items.values().map(|item| reader.with(item.clone()));
                    visitor.visit_seq(SeqDeserializer::new(items))
                }
                _ => reader.read_typed(visitor),
            }
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.located(|reader| match reader.node.content.clone() {
            Content::Text(text) => reader
                .parsed_as_json(&text, "expected a table as JSON, such as {\"key\": 1}")?
                .read_typed(visitor),
            _ => reader.read_typed(visitor),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.located(|reader| match &reader.node.content {
            Content::Text(word) | Content::Typed(Value::String(word)) => {
                visitor.visit_enum(StrDeserializer::new(word))
            }
            Content::Typed(Value::Object(fields)) => {
                let fields = fields.iter().map(|(name, value)| {
                    (name.as_str(), reader.with(reader.node.child(name, value.clone())))
                });
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields)))
            }
            Content::Table(table) => {
                let entries =
                    table.iter().map(|(name, node)| (name.as_str(), reader.with(node.clone())));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries)))
            }
            Content::Typed(_) => Err(de::Error::custom("expected a word")),
        })
    }
}
