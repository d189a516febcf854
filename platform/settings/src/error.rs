//! Why a setting was refused, as one sentence for the person who wrote it.

/// A setting that is wrong: which one, where it came from and what would be right.
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
