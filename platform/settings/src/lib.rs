//! Typed, layered settings. Four layers, each overriding the one before: defaults, TOML file, environment variables,
//! command-line flags.
//!
//! A service declares one struct with defaults and names it as a [`Section`]; nothing else defines which keys exist. A key
//! is written `section.key`, or just `key` at the top level. Its environment variable is `ICOMMERCE_` and
//! the key in capitals, with `__` for the dot and `_` for a hyphen: `search-service.limit` is
//! `ICOMMERCE_SEARCH_SERVICE__LIMIT`, and `data` is `ICOMMERCE_DATA`.
//!
//! # Example
//!
//! ```
//! use settings::{Allowed, Flag, Section, SectionSettings, SettingError, Settings, Sources};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct SearchSettings {
//!     results_max: u32,
//! }
//!
//! impl Default for SearchSettings {
//!     fn default() -> Self {
//!         Self { results_max: 20 }
//!     }
//! }
//!
//! impl SectionSettings for SearchSettings {
//!     const ALLOWED: &'static [Allowed] = &[Allowed::range("results_max", 1, 1_000)];
//! }
//!
//! const SEARCH: Section = Section::of::<SearchSettings>("search-service");
//!
//! let variable = ("ICOMMERCE_SEARCH_SERVICE__RESULTS_MAX".to_owned(), "50".to_owned());
//! let mut sources = Sources { environment: vec![variable], ..Sources::default() };
//! let settings = Settings::load([SEARCH], &sources)?;
//! assert_eq!(settings.section::<SearchSettings>("search-service")?.results_max, 50);
//!
//! sources.flags.push(Flag::new("--results-max", "search-service.results_max", "many"));
//! let error = Settings::load([SEARCH], &sources).unwrap_err();
//! assert!(error.to_string().contains("flag --results-max"));
//! sources.flags[0] = Flag::new("--results-max", "search-service.results_max", "0");
//! let error = Settings::load([SEARCH], &sources).unwrap_err();
//! assert!(error.to_string().ends_with("expected a whole number from 1 to 1000"));
//! # Ok::<(), SettingError>(())
//! ```

#![warn(missing_docs)]

mod declaration;
mod deserializer;
mod dump;
mod error;
mod layers;
mod master_key;
mod secret;
mod section;
mod source;
mod suggestion;

pub use declaration::{Allowed, InvalidSetting, SectionSettings};
pub use dump::{Dump, DumpedSetting};
pub use error::SettingError;
pub use layers::Settings;
pub use master_key::{MASTER_KEY_BYTES_MIN, MasterKeyError, master_key};
pub use secret::Secret;
pub use section::Section;
pub use source::{Flag, Sources, ValueOrigin, environment};
