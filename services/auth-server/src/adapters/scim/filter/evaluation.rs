//! Evaluation of filters on resources as JSON.

use super::{AttributePath, Filter, Operator};
use kernel::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Attributes whose capital letters make a difference (RFC 7643, sections 3.1 and 4.1).
const CASE_EXACT: [&str; 5] = ["id", "externalid", "version", "created", "lastmodified"];

impl Filter {
    /// Whether a resource satisfies the filter.
    pub(crate) fn matches(&self, resource: &Value) -> bool {
        match self {
            Self::And(filters) => filters.iter().all(|filter| filter.matches(resource)),
            Self::Or(filters) => filters.iter().any(|filter| filter.matches(resource)),
            Self::Not(filter) => !filter.matches(resource),
            Self::Present(path) => path.values(resource).into_iter().any(has_value),
            Self::Compare(path, Operator::NotEqual, value) => {
                !path.values(resource).into_iter().any(|own| path.is_equal(own, value))
            }
            Self::Compare(path, operator, value) => {
                let values = path.values(resource);
                // An attribute without a value is equal to null, and to nothing else.
                (values.is_empty() && *operator == Operator::Equal && value.is_null())
                    || values.into_iter().any(|own| path.holds(own, *operator, value))
            }
            Self::Within(path, filter) => {
                path.values(resource).into_iter().any(|value| filter.matches(value))
            }
        }
    }
}

impl AttributePath {
    /// Values of the attribute: each one of a multi-valued attribute.
    fn values<'a>(&self, resource: &'a Value) -> Vec<&'a Value> {
        let values = each(resource.as_object().and_then(|members| member(members, &self.name)));
        let Some(sub) = &self.sub else { return values };
        let sub_values =
            values.into_iter().filter_map(|value| member(value.as_object()?, sub)).map(Some);
        sub_values.flat_map(each).collect()
    }

    fn holds(&self, own: &Value, operator: Operator, value: &Value) -> bool {
        let order = || self.order(own, value);
        match operator {
            Operator::Equal => self.is_equal(own, value),
            Operator::NotEqual => !self.is_equal(own, value),
            Operator::Contains => self.texts(own, value).is_some_and(|(own, it)| own.contains(&it)),
            Operator::StartsWith => {
                self.texts(own, value).is_some_and(|(own, it)| own.starts_with(&it))
            }
            Operator::EndsWith => {
                self.texts(own, value).is_some_and(|(own, it)| own.ends_with(&it))
            }
            Operator::Greater => order().is_some_and(Ordering::is_gt),
            Operator::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
            Operator::Less => order().is_some_and(Ordering::is_lt),
            Operator::LessOrEqual => order().is_some_and(Ordering::is_le),
        }
    }

    fn is_equal(&self, own: &Value, value: &Value) -> bool {
        match self.texts(own, value) {
            Some((own, value)) => own == value,
            None => default_of(own) == value || self.order(own, value) == Some(Ordering::Equal),
        }
    }

    fn order(&self, own: &Value, value: &Value) -> Option<Ordering> {
        if let (Some(own), Some(value)) = (default_of(own).as_f64(), value.as_f64()) {
            return own.partial_cmp(&value);
        }
        let (own, value) = self.texts(own, value)?;
        let time = |text: &str| text.to_ascii_uppercase().parse::<Timestamp>();
        match (time(&own), time(&value)) {
            (Ok(own), Ok(value)) => Some(own.cmp(&value)),
            _ => Some(own.cmp(&value)),
        }
    }

    /// Two texts as they are to be compared.
    fn texts(&self, own: &Value, value: &Value) -> Option<(String, String)> {
        let (own, value) = (default_of(own).as_str()?, value.as_str()?);
        let last = self.sub.as_deref().unwrap_or(&self.name);
        if CASE_EXACT.contains(&last) {
            return Some((own.to_owned(), value.to_owned()));
        }
        Some((own.to_lowercase(), value.to_lowercase()))
    }
}

/// Member of this name, whose capital letters make no difference.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn each(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    }
}

/// What a complex value is compared by: its `value` (RFC 7644, section 3.4.2.2).
fn default_of(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
}

fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
