//! Every setting as people and programs want to see it: value, default, origin.

use crate::reader::{Content, Node};
use crate::secret::REDACTED;
use crate::{Origin, Settings};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// One setting of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpedSetting {
    /// The key: `search-service.capture`.
    pub key: String,
    /// The value as JSON, `"***"` when it is secret.
    pub value: String,
    /// The default as JSON.
    pub default: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Every setting, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump(pub Vec<DumpedSetting>);

impl Settings {
    /// Every key there is, with value, default and origin; secrets are not shown.
    pub fn dump(&self) -> Dump {
        let dumped = self.keys.iter().map(|(key, setting)| DumpedSetting {
            key: key.clone(),
            value: without_secrets(&setting.node, &self.secrets).to_string(),
            default: setting.default.to_string(),
            origin: setting.node.origin.clone(),
        });
        Dump(dumped.collect())
    }
}

fn without_secrets(node: &Node, secrets: &BTreeSet<String>) -> Value {
    let value = match &node.content {
        Content::Typed(value) => value.clone(),
        Content::Text(text) => {
            // A list or table written as text may hide a secret deeper down; then none of it is shown.
            let below = secrets.iter().any(|key| key.starts_with(&node.key) && *key != node.key);
            if below { REDACTED.into() } else { text.clone().into() }
        }
        Content::Table(_) => Value::Null,
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
        for DumpedSetting { key, value, default, origin } in &self.0 {
            match origin {
                Origin::Default => writeln!(out, "{key} = {value}  # default")?,
                _ => writeln!(out, "{key} = {value}  # {origin}; default {default}")?,
            }
        }
        Ok(())
    }
}
