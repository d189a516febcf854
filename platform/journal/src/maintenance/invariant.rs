//! Invariant: a statement that must be true, with the number of checks and the violations found.

/// Limit of violations of one invariant that are kept as examples.
const EXAMPLES_MAX: usize = 20;

/// Invariant over all things of a kind, with the results of its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invariant {
    /// Statement, as a sentence.
    pub sentence: &'static str,
    /// Number of things checked.
    pub checked: u64,
    /// Number of things that are still being worked on and were not judged.
    pub waiting: u64,
    /// Number of violations.
    pub broken: u64,
    examples: Vec<String>,
}

impl Invariant {
    /// Invariant that was not checked yet.
    pub fn new(sentence: &'static str) -> Self {
        Self { sentence, checked: 0, waiting: 0, broken: 0, examples: Vec::new() }
    }

    /// Checks one more thing; `otherwise` says what is wrong with it.
    pub fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.breaks(otherwise());
        }
    }

    /// Counts a violation, which needs no thing that was checked.
    pub fn breaks(&mut self, what: String) {
        self.broken += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(what);
        }
    }

    /// Counts a thing that is still being worked on and not judged yet.
    pub fn waits(&mut self) {
        self.waiting += 1;
    }

    /// Merges the results of other checks of the same invariant.
    pub fn join(&mut self, other: Self) {
        self.checked += other.checked;
        self.waiting += other.waiting;
        self.broken += other.broken;
        let room = EXAMPLES_MAX.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }

    /// First violations, at most 20.
    pub fn examples(&self) -> &[String] {
        &self.examples
    }
}
