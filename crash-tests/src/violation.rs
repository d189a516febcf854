//! Violation: a guarantee that the shop did not keep.

use std::fmt;

/// A broken guarantee, with the evidence.
#[derive(Clone, Debug)]
pub struct Violation(String);

/// Result of a check.
pub type CheckResult<T = ()> = Result<T, Violation>;

impl Violation {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Adds where the violation was seen.
    pub(crate) fn context(self, place: impl fmt::Display) -> Self {
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

/// Returns a violation unless the condition holds.
pub(crate) fn ensure<T: Into<String>>(holds: bool, otherwise: impl FnOnce() -> T) -> CheckResult {
    if holds { Ok(()) } else { Err(Violation::new(otherwise())) }
}
