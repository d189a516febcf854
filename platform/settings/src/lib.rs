//! Typed settings from four layers, the later over the earlier: default, TOML file, environment, flags.
//!
//! A service declares one struct with defaults and names it as a [`Section`]; nothing else says which keys exist.
//! A key is written `section.key`, or just `key` at the top level. Its environment variable is `ICOMMERCE_` and
//! the key in capitals, with `__` for the dot and `_` for a hyphen: `search-service.limit` is
//! `ICOMMERCE_SEARCH_SERVICE__LIMIT`, and `data` is `ICOMMERCE_DATA`.

#![warn(missing_docs)]

mod closest;
mod dump;
mod error;
mod layers;
mod reader;
mod secret;
mod section;
mod source;

pub use dump::{Dump, DumpedSetting};
pub use error::SettingError;
pub use layers::Settings;
pub use secret::Secret;
pub use section::Section;
pub use source::{Flag, Origin, Sources, environment};
