//! Invariant violations, and the list that checks collect them in.

/// Invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Name of the invariant, in a few stable words.
    pub(crate) invariant: &'static str,
    /// What was observed instead.
    pub(crate) what: String,
}

/// Violations that a check found.
#[derive(Debug, Default)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    /// Adds a violation.
    pub(crate) fn add(&mut self, invariant: &'static str, what: String) {
        self.0.push(Violation { invariant, what });
    }

    /// Adds a violation unless the invariant holds.
    pub(crate) fn check(
        &mut self,
        holds: bool,
        invariant: &'static str,
        what: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(invariant, what());
        }
    }
}
