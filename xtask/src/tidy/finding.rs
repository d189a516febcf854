//! What a check finds, and what a check is.

use super::repository::Repository;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// What stands there, in a few words.
    pub(crate) what: String,
}

impl Place {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

/// A rule and the function that finds what breaks it.
pub(crate) struct Check {
    /// Short, for the margin; also the name of its fixtures.
    pub(crate) name: &'static str,
    /// The rule, in a sentence.
    pub(crate) rule: &'static str,
    /// What to do about a finding.
    pub(crate) remedy: &'static str,
    pub(crate) find: fn(&Repository) -> Vec<Place>,
}
