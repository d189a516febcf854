//! Sources of settings: a file, environment variables and flags.

use crate::SettingError;
use std::fmt;
use std::path::PathBuf;

/// Prefix of every environment variable of this program.
pub(crate) const PREFIX: &str = "ICOMMERCE_";

/// Environment variable that names the settings file.
pub(crate) const FILE_VARIABLE: &str = "ICOMMERCE_CONFIG";

/// Origin of a setting's value: the layer that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueOrigin {
    /// Default of the section.
    Default,
    /// Settings file at this path.
    File(PathBuf),
    /// Environment variable of this name.
    Environment(String),
    /// Command-line flag of this name.
    Flag(String),
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "file {}", path.display()),
            Self::Environment(name) => write!(out, "environment variable {name}"),
            Self::Flag(name) => write!(out, "flag {name}"),
        }
    }
}

/// Command-line flag that sets a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Flag {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Flag {
    /// Flag `name` (such as `--data`) that sets `key` (such as `data` or `search-service.limit`) to `value`.
    pub fn new(name: impl Into<String>, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into(), value: value.into() }
    }

    /// Name of the flag, such as `--data`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key that it sets.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Sources of the layers above the defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// Path of the settings file; by default the one that `ICOMMERCE_CONFIG` names, if any.
    pub file: Option<PathBuf>,
    /// Names and values of environment variables; those without the prefix `ICOMMERCE_` are ignored.
    pub environment: Vec<(String, String)>,
    /// Command-line flags; a later one overrides an earlier one.
    pub flags: Vec<Flag>,
}

impl Sources {
    /// Path of the file, if one is named here or by the environment.
    pub(crate) fn settings_file(&self) -> Option<PathBuf> {
        let variable = self.environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        self.file.clone().or_else(|| variable.map(|(_, path)| PathBuf::from(path)))
    }
}

// Values may be secret, and which are is not known here; so only names are shown.
impl fmt::Debug for Flag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Flag({} for {})", self.name, self.key)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = out.debug_struct("Sources");
        shown
            .field("file", &self.file)
            .field("environment", &names)
            .field("flags", &self.flags)
            .finish()
    }
}

/// Environment variables of this process with the prefix `ICOMMERCE_`. The only place that reads the environment.
///
/// # Errors
///
/// [`SettingError`] for such a variable whose name or value is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "settings come from here")]
pub fn environment() -> Result<Vec<(String, String)>, SettingError> {
    let ours = std::env::vars_os()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| match (
        name.into_string(),
        value.into_string(),
    ) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        (Ok(name), Err(_)) => Err(SettingError::new(format!(
            "environment variable {name} is not UTF-8; write it in UTF-8"
        ))),
        (Err(name), _) => Err(SettingError::new(format!(
            "the environment variable {} has a name that is not UTF-8; remove it",
            name.display()
        ))),
    };
    ours.map(text).collect()
}

/// Environment variable of a key: `search-service.limit` is `ICOMMERCE_SEARCH_SERVICE__LIMIT`.
pub(crate) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").replace('-', "_").to_uppercase())
}

/// Whether this is a service link: a variable by which Kubernetes or Docker says where another workload is
/// (`X_SERVICE_HOST`, `X_PORT=tcp://…`). Those of a workload called `icommerce` have our prefix.
pub(crate) fn is_service_link(name: &str, value: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || ["_TCP", "_UDP"].iter().any(|protocol| {
            let (before, after) = name.split_once(protocol).unwrap_or_default();
            let digits = before.rsplit_once("_PORT_").map_or("", |(_, digits)| digits);
            !digits.is_empty()
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && matches!(after, "" | "_PROTO" | "_PORT" | "_ADDR")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_variable_is_the_key_in_capitals() {
        assert_eq!(variable("data"), "ICOMMERCE_DATA");
        assert_eq!(variable("payment-service.capture"), "ICOMMERCE_PAYMENT_SERVICE__CAPTURE");
        assert_eq!(variable("web.limits.body_bytes_max"), "ICOMMERCE_WEB__LIMITS__BODY_BYTES_MAX");
    }

    #[test]
    fn service_links_of_an_orchestrator_are_no_settings() {
        for (name, value) in [
            ("ICOMMERCE_SERVICE_HOST", "10.0.0.1"),
            ("ICOMMERCE_SERVICE_PORT_HTTP", "8080"),
            ("ICOMMERCE_PORT", "tcp://10.0.0.1:8080"),
            ("ICOMMERCE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("ICOMMERCE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ] {
            assert!(is_service_link(name, value), "{name}");
        }
        for (name, value) in [
            ("ICOMMERCE_DATA", "tcp://x"),
            ("ICOMMERCE_PORT", "8080"),
            ("ICOMMERCE_WEB__TCP", "yes"),
        ] {
            assert!(!is_service_link(name, value), "{name}");
        }
    }
}
