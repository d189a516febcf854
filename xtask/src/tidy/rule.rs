//! Rules and findings: what tidy checks, and what a check reports.

use super::repository::Repository;

/// A violation of a rule: file, line and message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// The violation in a few words, to follow `path:line:`.
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

/// A rule and the function that finds its violations.
pub(crate) struct Rule {
    /// The short name that findings carry; also the name of its fixtures.
    pub(crate) name: &'static str,
    /// The rule as a sentence.
    pub(crate) statement: &'static str,
    /// The way to resolve a finding.
    pub(crate) remedy: &'static str,
    pub(crate) check: fn(&Repository) -> Vec<Finding>,
}
