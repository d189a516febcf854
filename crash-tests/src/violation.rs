//! A promise that was not kept.

use std::fmt;

/// What was promised and not kept, with everything that shows it.
#[derive(Clone, Debug)]
pub struct Violation(String);

/// What a check comes to.
pub type Checked<T = ()> = Result<T, Violation>;

impl Violation {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// The same, with where it was seen.
    pub(crate) fn seen(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

impl From<std::io::Error> for Violation {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A violation unless this holds.
pub(crate) fn ensure<T: Into<String>>(holds: bool, otherwise: impl FnOnce() -> T) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(otherwise())) }
}
