//! What settings there are: each section names itself and brings its defaults.

use crate::reader::{ReadError, Reader};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A named group of settings, declared by the struct that holds them:
/// `const SETTINGS: Section = Section::of::<SearchSettings>("search-service");`.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub(crate) name: &'static str,
    pub(crate) defaults: fn() -> Result<Value, String>,
    /// Reads the whole section once, so that a wrong setting stops the start and not the first use.
    pub(crate) check: fn(Reader<'_>) -> Result<(), ReadError>,
}

impl Section {
    /// The settings of `T` under this name.
    pub const fn of<T: Default + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        Self { name, defaults: defaults::<T>, check: |reader| T::deserialize(reader).map(drop) }
    }

    /// The settings of `T` at the top level, beside the sections.
    pub const fn top<T: Default + Serialize + DeserializeOwned>() -> Self {
        Self::of::<T>("")
    }

    /// The name of the section; empty at the top level.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the keys of this section begin with.
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
