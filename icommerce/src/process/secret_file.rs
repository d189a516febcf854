//! Secrets that are set as text or in a file, and which of the two an error names.

use super::ProcessSettings;
#[cfg(any(
    feature = "kafka",
    feature = "mongodb",
    feature = "postgres",
    feature = "rabbitmq",
    feature = "redis"
))]
use crate::error::CliError;
use settings::Secret;
use std::path::Path;

/// Settings of a secret: the text, and the file.
struct SecretKeys {
    text: &'static str,
    file: &'static str,
    value: fn(&ProcessSettings) -> (&Secret, &Path),
}

const SECRETS: [SecretKeys; 5] = [
    SecretKeys {
        text: "storage.url",
        file: "storage.url_file",
        value: |process| (&process.storage.url, &process.storage.url_file),
    },
    SecretKeys {
        text: "storage.migrate_url",
        file: "storage.migrate_url_file",
        value: |process| (&process.storage.migrate_url, &process.storage.migrate_url_file),
    },
    SecretKeys {
        text: "storage.documents.url",
        file: "storage.documents.url_file",
        value: |process| (&process.storage.documents.url, &process.storage.documents.url_file),
    },
    SecretKeys {
        text: "storage.key_value.url",
        file: "storage.key_value.url_file",
        value: |process| (&process.storage.key_value.url, &process.storage.key_value.url_file),
    },
    SecretKeys {
        text: "bus.url",
        file: "bus.url_file",
        value: |process| (&process.bus.url, &process.bus.url_file),
    },
];

impl ProcessSettings {
    /// Setting that gives what this one would: the one with the file, where it is in a file.
    pub(crate) fn given(&self, setting: &'static str) -> &'static str {
        let keys = SECRETS.iter().find(|keys| keys.text == setting);
        let in_file = keys.filter(|keys| {
            let (text, file) = (keys.value)(self);
            text.is_empty() && !file.as_os_str().is_empty()
        });
        in_file.map_or(setting, |keys| keys.file)
    }
}

/// Secret that is set as text or in a file; the settings are refused where it is both.
#[cfg(any(
    feature = "kafka",
    feature = "mongodb",
    feature = "postgres",
    feature = "rabbitmq",
    feature = "redis"
))]
pub(super) fn secret_text(key: &str, text: &Secret, file: &Path) -> Result<String, CliError> {
    if file.as_os_str().is_empty() {
        return Ok(text.expose().to_owned());
    }
    let content = std::fs::read_to_string(file).map_err(|error| {
        CliError::unavailable(format!("{key}_file: {}: {error}", file.display()))
    })?;
    super::warn_of_access(file);
    let secret = content.trim();
    if secret.is_empty() {
        return Err(CliError::usage(format!("{key}_file: {} is empty", file.display())));
    }
    Ok(secret.to_owned())
}
