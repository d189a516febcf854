//! Deserialiser from the values of a section to its struct. Text from the environment takes the type that the struct asks
//! for.

use crate::ValueOrigin;
use crate::secret::{self, REDACTED};
use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Node of the settings tree: a value with its key and origin.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: String,
    pub(crate) origin: ValueOrigin,
    pub(crate) content: NodeContent,
}

/// Content of a node.
#[derive(Clone, Debug)]
pub(crate) enum NodeContent {
    /// Typed value, from a default or a file.
    Typed(Value),
    /// Text, from the environment or a flag.
    Text(String),
    /// Nodes by name.
    Table(BTreeMap<String, Node>),
}

impl Node {
    /// Value for error messages, cut when it is long.
    pub(crate) fn excerpt(&self) -> String {
        let mut text = match &self.content {
            NodeContent::Typed(value) => value.to_string(),
            NodeContent::Text(text) => format!("{text:?}"),
            NodeContent::Table(_) => "a table".to_owned(),
        };
        if let Some((cut, _)) = text.char_indices().nth(EXCERPT_CHARACTERS_MAX) {
            text.replace_range(cut.., "…");
        }
        text
    }

    fn child(&self, name: &str, value: Value) -> Self {
        let key = crate::section::joined(&self.key, name);
        Self { key, origin: self.origin.clone(), content: NodeContent::Typed(value) }
    }
}

const EXCERPT_CHARACTERS_MAX: usize = 60;

/// Deserialisation error: what is wrong with a value and what would be right.
#[derive(Debug)]
pub(crate) struct NodeError {
    sentence: String,
    /// Whether the sentence already names the key.
    located: bool,
}

impl fmt::Display for NodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for NodeError {}

impl de::Error for NodeError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self { sentence: message.to_string(), located: false }
    }

    // The value is shown once, beside its key, and not at all when it is secret.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {}", kernel::json::expectation(&expected.to_string())))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {}", kernel::json::expectation(&expected.to_string())))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("expected one of {}", expected.join(", ")))
    }
}

/// Facts about keys that show only when a struct asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// Keys that are secret.
    pub(crate) secrets: BTreeSet<String>,
    /// Keys of numbers.
    pub(crate) numbers: BTreeSet<String>,
    /// Words that a key may have, if it may have only some.
    pub(crate) words: BTreeMap<String, &'static [&'static str]>,
}

/// Deserialiser of one [`Node`], which records what it observes of the keys.
#[derive(Debug)]
pub(crate) struct NodeDeserializer<'a> {
    pub(crate) node: Node,
    pub(crate) observed: &'a RefCell<Observed>,
}

impl NodeDeserializer<'_> {
    fn with(&self, node: Node) -> Self {
        Self { node, observed: self.observed }
    }

    fn is_secret(&self) -> bool {
        self.observed.borrow().secrets.contains(&self.node.key)
    }

    /// Runs a read and adds the key, value and origin to its error.
    fn located<T>(self, read: impl FnOnce(Self) -> Result<T, NodeError>) -> Result<T, NodeError> {
        let (node, observed) = (self.node.clone(), self.observed);
        read(self).map_err(|error| {
            let NodeError { sentence: what, located: false } = error else { return error };
            let sentence = match &node.content {
                NodeContent::Table(_) if node.key.is_empty() => what,
                NodeContent::Table(_) => format!("`{}`: {what}", node.key),
                _ if observed.borrow().secrets.contains(&node.key) => {
                    format!("`{}` cannot be {REDACTED} ({}): {what}", node.key, node.origin)
                }
                _ => {
                    format!("`{}` cannot be {} ({}): {what}", node.key, node.excerpt(), node.origin)
                }
            };
            NodeError { sentence, located: true }
        })
    }

    /// Reads the value as whatever type it has by itself.
    fn read_typed<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match &self.node.content {
            NodeContent::Text(text) => visitor.visit_str(text),
            NodeContent::Table(table) => {
                let entries =
                    table.iter().map(|(name, node)| (name.as_str(), self.with(node.clone())));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            NodeContent::Typed(value) => match value {
                Value::Null => visitor.visit_unit(),
                Value::Bool(value) => visitor.visit_bool(*value),
                Value::String(text) => visitor.visit_str(text),
                Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                    (Some(number), _) => visitor.visit_u64(number),
                    (_, Some(number)) => visitor.visit_i64(number),
                    _ => visitor
                        .visit_f64(number.as_f64().expect("every JSON number is one of the three")),
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

    /// Parses text as JSON, for types that have no simpler form.
    fn parsed_as_json(mut self, text: &str, expected: &str) -> Result<Self, NodeError> {
        let value = serde_json::from_str(text);
        self.node.content = NodeContent::Typed(value.map_err(|_| de::Error::custom(expected))?);
        Ok(self)
    }

    /// Parses text as a list: JSON when it begins with a bracket, otherwise separated by commas.
    fn parsed_as_list(mut self) -> Result<Self, NodeError> {
        let NodeContent::Text(text) = self.node.content.clone() else {
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
                content: NodeContent::Text(item.to_owned()),
            };
            // Wide enough to keep the positions in order.
            (format!("{position:010}"), node)
        });
        self.node.content = NodeContent::Table(entries.collect());
        Ok(self)
    }
}

impl IntoDeserializer<'_, NodeError> for NodeDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Deserialises text as the number or boolean asked for, and anything else as what it is.
macro_rules! from_text {
    ($($method:ident => $visit:ident, $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
            if stringify!($visit) != "visit_bool" {
                self.observed.borrow_mut().numbers.insert(self.node.key.clone());
            }
            self.located(|deserializer| match &deserializer.node.content {
                NodeContent::Text(text) => match text.trim().parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(de::Error::custom(concat!("expected ", $expected))),
                },
                _ => deserializer.read_typed(visitor),
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = NodeError;

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

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.located(|deserializer| deserializer.read_typed(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match &self.node.content {
            NodeContent::Typed(Value::Null) => visitor.visit_none(),
            NodeContent::Text(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        if name == secret::TYPE_NAME && !self.is_secret() {
            self.observed.borrow_mut().secrets.insert(self.node.key.clone());
        }
        self.located(|deserializer| visitor.visit_newtype_struct(deserializer))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.located(|deserializer| {
            let deserializer = deserializer.parsed_as_list()?;
            match &deserializer.node.content {
                NodeContent::Table(items) => {
                    let items = items.values().map(|item| deserializer.with(item.clone()));
                    visitor.visit_seq(SeqDeserializer::new(items))
                }
                _ => deserializer.read_typed(visitor),
            }
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        self.located(|deserializer| match deserializer.node.content.clone() {
            NodeContent::Text(text) => deserializer
                .parsed_as_json(&text, "expected a table as JSON, such as {\"key\": 1}")?
                .read_typed(visitor),
            _ => deserializer.read_typed(visitor),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        self.observed.borrow_mut().words.insert(self.node.key.clone(), words);
        self.located(|deserializer| match &deserializer.node.content {
            NodeContent::Text(word) | NodeContent::Typed(Value::String(word)) => {
                visitor.visit_enum(StrDeserializer::new(word))
            }
            NodeContent::Typed(Value::Object(fields)) => {
                let fields = fields.iter().map(|(name, value)| {
                    (name.as_str(), deserializer.with(deserializer.node.child(name, value.clone())))
                });
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields)))
            }
            NodeContent::Table(table) => {
                let entries = table
                    .iter()
                    .map(|(name, node)| (name.as_str(), deserializer.with(node.clone())));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries)))
            }
            NodeContent::Typed(_) => Err(de::Error::custom("expected a word")),
        })
    }
}
