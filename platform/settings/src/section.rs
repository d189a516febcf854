//! Settings section: a name, and a type that declares the keys and their defaults.

use crate::deserializer::{NodeDeserializer, NodeError};
use crate::{Allowed, InvalidSetting, SectionSettings};
use serde_json::Value;

/// Named group of settings, declared by the struct that holds them. The crate's [example](crate) declares one.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub(crate) name: &'static str,
    pub(crate) defaults: fn() -> Result<Value, String>,
    /// Deserialises the whole section once, so that a wrong setting stops the start and not the first use.
    pub(crate) check: fn(NodeDeserializer<'_>) -> Result<Result<(), InvalidSetting>, NodeError>,
    /// Ranges of the numbers.
    pub(crate) allowed: &'static [Allowed],
}

impl Section {
    /// Section of this name with the settings of `T`, whose `Default` gives the defaults.
    pub const fn of<T: SectionSettings>(name: &'static str) -> Self {
        Self {
            name,
            defaults: defaults::<T>,
            check: |deserializer| T::deserialize(deserializer).map(|settings| settings.check()),
            allowed: T::ALLOWED,
        }
    }

    /// Settings of `T` at the top level, beside the sections.
    pub const fn top<T: SectionSettings>() -> Self {
        Self::of::<T>("")
    }

    /// Name of the section; empty at the top level.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Range of the number with this key, if one is declared.
    pub(crate) fn range_of(&self, key: &str) -> Option<&'static Allowed> {
        let path = match self.name {
            "" => key,
            name => key.strip_prefix(name)?.strip_prefix('.')?,
        };
        self.allowed.iter().find(|allowed| allowed.is_for(path))
    }

    /// Key of a path below this section.
    pub(crate) fn key(&self, path: &str) -> String {
        joined(self.name, path)
    }
}

fn defaults<T: SectionSettings>() -> Result<Value, String> {
    serde_json::to_value(T::default()).map_err(|error| error.to_string())
}

/// `parent.name`, or just the name at the top level.
pub(crate) fn joined(parent: &str, name: &str) -> String {
    match (parent, name) {
        ("", key) | (key, "") => key.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}
