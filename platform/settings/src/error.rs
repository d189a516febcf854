//! Setting error: one sentence for the person who wrote the setting.

/// Error of a setting: its text says which setting is wrong, where it came from and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct SettingError {
    sentence: String,
}

impl SettingError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into() }
    }
}
