//! Dump of all effective settings: value, default, origin.

use crate::deserializer::{Node, NodeContent};
use crate::secret::REDACTED;
use crate::{Settings, ValueOrigin};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// Setting of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpedSetting {
    /// Key, such as `search-service.results_max`.
    pub key: String,
    /// Value as JSON; `"***"` when it is secret.
    pub value: String,
    /// Default as JSON.
    pub default: String,
    /// Origin of the value.
    pub origin: ValueOrigin,
    /// Values that are allowed, where they are limited: a range such as `1 to 365`, or words such as `text, json`.
    pub allowed: Option<String>,
}

/// Dump of all settings, by key. Its text has one line for each: `key = value  # origin; default …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump(pub Vec<DumpedSetting>);

impl Settings {
    /// Dumps every setting with value, default and origin; secrets are redacted.
    pub fn dump(&self) -> Dump {
        let dumped = self.keys.iter().map(|(key, setting)| DumpedSetting {
            key: key.clone(),
            value: without_secrets(&setting.node, &self.observed.secrets).to_string(),
            default: setting.default.to_string(),
            origin: setting.node.origin.clone(),
            allowed: self.allowed(key),
        });
        Dump(dumped.collect())
    }

    fn allowed(&self, key: &str) -> Option<String> {
        let range = self.range_of(key).map(ToString::to_string);
        range.or_else(|| self.observed.words.get(key).map(|words| words.join(", ")))
    }
}

fn without_secrets(node: &Node, secrets: &BTreeSet<String>) -> Value {
    let value = match &node.content {
        NodeContent::Typed(value) => value.clone(),
        NodeContent::Text(text) => {
            // A list or table written as text may hide a secret deeper down; then none of it is shown.
            let below = secrets.iter().any(|key| key.starts_with(&node.key) && *key != node.key);
            if below { REDACTED.into() } else { text.clone().into() }
        }
        NodeContent::Table(_) => Value::Null,
    };
    redact(&node.key, value, secrets)
}

fn redact(key: &str, value: Value, secrets: &BTreeSet<String>) -> Value {
    let below = |name: &str| crate::section::joined(key, name);
    match value {
        Value::String(text) if text.is_empty() => Value::String(text),
        Value::Null => Value::Null,
        _ if secrets.contains(key) => REDACTED.into(),
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(position, item)| redact(&below(&position.to_string()), item, secrets))
                .collect()
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name.clone(), redact(&below(&name), value, secrets)))
                    .collect(),
            )
        }
        plain => plain,
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for DumpedSetting { key, value, default, origin, .. } in &self.0 {
            match origin {
                ValueOrigin::Default => writeln!(out, "{key} = {value}  # default")?,
                _ => writeln!(out, "{key} = {value}  # {origin}; default {default}")?,
            }
        }
        Ok(())
    }
}
