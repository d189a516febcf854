//! Settings section: a name, and a type that declares the keys and their defaults.

use crate::deserializer::{NodeDeserializer, NodeError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Named group of settings, declared by the struct that holds them. The crate's [example](crate) declares one.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub(crate) name: &'static str,
    pub(crate) defaults: fn() -> Result<Value, String>,
    /// Deserialises the whole section once, so that a wrong setting stops the start and not the first use.
    pub(crate) check: fn(NodeDeserializer<'_>) -> Result<(), NodeError>,
}

impl Section {
    /// Section of this name with the settings of `T`, whose `Default` gives the defaults.
    pub const fn of<T: Default + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        Self {
            name,
            defaults: defaults::<T>,
            check: |deserializer| T::deserialize(deserializer).map(drop),
        }
    }

    /// Settings of `T` at the top level, beside the sections.
    pub const fn top<T: Default + Serialize + DeserializeOwned>() -> Self {
        Self::of::<T>("")
    }

    /// Name of the section; empty at the top level.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Key of a path below this section.
    pub(crate) fn key(&self, path: &str) -> String {
        joined(self.name, path)
    }
}

fn defaults<T: Default + Serialize>() -> Result<Value, String> {
    serde_json::to_value(T::default()).map_err(|error| error.to_string())
}

/// `parent.name`, or just the name at the top level.
pub(crate) fn joined(parent: &str, name: &str) -> String {
    match (parent, name) {
        ("", key) | (key, "") => key.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}
