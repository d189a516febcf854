//! Deserialization of path parameters: a single value, or a tuple in the order of the template. Values are texts or whole numbers.

use serde::{
    Deserializer, de,
    de::{IntoDeserializer, Visitor, value::SeqDeserializer},
    forward_to_deserialize_any,
};
use std::{borrow::Cow, fmt};

/// Parameters of a path.
#[derive(Debug)]
pub(super) struct Parameters<'a>(Vec<Parameter<'a>>);

/// Parameter of a path: its name in the template, and its decoded value.
#[derive(Debug)]
struct Parameter<'a> {
    name: &'a str,
    value: Cow<'a, str>,
}

/// Error of the parameters of a path.
#[derive(Debug)]
pub(super) enum ParameterError {
    /// A parameter is invalid; without a name it is the first one.
    Invalid {
        /// Its name.
        name: Option<String>,
        /// What is wrong with it.
        message: String,
    },
    /// The handler takes other parameters than the template has.
    OtherTemplate,
}

impl<'a> Parameters<'a> {
    /// The parameters of a path that matches this template.
    pub(super) fn of(template: &'a str, path: &'a str) -> Result<Self, ParameterError> {
        let (mut rest, mut parameters) = (path, Vec::new());
        for segment in template.split('/') {
            let (value, after) = rest.split_once('/').unwrap_or((rest, ""));
            if let Some(name) = segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                // A catch-all takes all that is left.
                let (name, value) = name.strip_prefix('*').map_or((name, value), |it| (it, rest));
                parameters.push(Parameter { name, value: decoded(name, value)? });
            }
            rest = after;
        }
        Ok(Self(parameters))
    }

    /// Name of the first parameter.
    pub(super) fn first_name(template: &str) -> &str {
        let name = template.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        name.map_or("path", |(name, _)| name.trim_start_matches('*'))
    }

    fn only(mut self) -> Result<Parameter<'a>, ParameterError> {
        self.0.pop().filter(|_| self.0.is_empty()).ok_or(ParameterError::OtherTemplate)
    }

    fn all(self, count: usize) -> Result<Vec<Parameter<'a>>, ParameterError> {
        if self.0.len() == count { Ok(self.0) } else { Err(ParameterError::OtherTemplate) }
    }
}

fn decoded<'a>(name: &str, value: &'a str) -> Result<Cow<'a, str>, ParameterError> {
    if !value.contains('%') {
        return Ok(Cow::Borrowed(value));
    }
    let invalid = |message: &str| Parameter { name, value: Cow::Borrowed("") }.invalid(message);
    let text = String::from_utf8(crate::query::percent_decoded(value));
    text.map(Cow::Owned).map_err(|_| invalid("is not UTF-8"))
}

impl Parameter<'_> {
    fn invalid(&self, message: &str) -> ParameterError {
        ParameterError::Invalid { name: Some(self.name.to_owned()), message: message.to_owned() }
    }

    /// The error of this parameter's own value.
    fn own(name: &str) -> impl Fn(ParameterError) -> ParameterError {
        move |error| match error {
            ParameterError::Invalid { name: None, message } => {
                ParameterError::Invalid { name: Some(name.to_owned()), message }
            }
            other => other,
        }
    }
}

impl de::Error for ParameterError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Invalid { name: None, message: message.to_string() }
    }
}

impl std::error::Error for ParameterError {}

impl fmt::Display for ParameterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { message, .. } => out.write_str(message),
            Self::OtherTemplate => out.write_str("the template has other parameters"),
        }
    }
}

/// Methods for which the parameters are a single one.
macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'de> {
    type Error = ParameterError;

    single! {
        deserialize_any deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_seq(SeqDeserializer::new(self.all(count)?.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple_struct map struct
        enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, ParameterError> for Parameter<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Methods for whole numbers.
macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            let value = self.value.parse::<$type>();
            let value = value.map_err(|_| self.invalid(concat!("is not a ", stringify!($type))))?;
            visitor.$visit(value).map_err(Self::own(self.name))
        }
    )*};
}

/// A whole number, or a text; whatever else a path may name is read from its text.
impl<'de> Deserializer<'de> for Parameter<'de> {
    type Error = ParameterError;

    parsed! {
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        let name = self.name;
        match self.value {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
        .map_err(Self::own(name))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}
