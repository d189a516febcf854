//! What has to be true, how often that was looked at, and where it was not.

/// How many places where an invariant is broken are named.
const NAMED_MAX: usize = 20;

/// Something that has to be true of everything of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invariant {
    /// As a sentence.
    pub sentence: &'static str,
    /// How many things were looked at.
    pub checked: u64,
    /// How many of them are on their way to being so.
    pub waiting: u64,
    /// How often it is broken.
    pub broken: u64,
    named: Vec<String>,
}

impl Invariant {
    /// One that nothing was looked at for yet.
    pub fn new(sentence: &'static str) -> Self {
        Self { sentence, checked: 0, waiting: 0, broken: 0, named: Vec::new() }
    }

    /// Looks at one more thing; `otherwise` says what is wrong with it.
    pub fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.breaks(otherwise());
        }
    }

    /// Something is wrong, beside or within what was looked at.
    pub fn breaks(&mut self, what: String) {
        self.broken += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(what);
        }
    }

    /// One more thing is on its way and not judged yet.
    pub fn waits(&mut self) {
        self.waiting += 1;
    }

    /// Adds what came of looking elsewhere.
    pub fn join(&mut self, other: Self) {
        self.checked += other.checked;
        self.waiting += other.waiting;
        self.broken += other.broken;
        let room = NAMED_MAX.saturating_sub(self.named.len());
        self.named.extend(other.named.into_iter().take(room));
    }

    /// The first places where it is broken.
    pub fn named(&self) -> &[String] {
        &self.named
    }
}
