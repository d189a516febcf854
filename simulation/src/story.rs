//! What happened, in order, in simulated time: for people when something failed, and as a hash to compare two runs.

use std::{
    collections::hash_map::DefaultHasher,
    fmt,
    hash::{Hash, Hasher},
};

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Story {
    lines: Vec<(u64, String)>,
    hasher: DefaultHasher,
}

impl Story {
    /// Writes down what happens at this moment.
    pub(crate) fn tell(&mut self, at_ms: u64, what: fmt::Arguments<'_>) {
        let text = what.to_string();
        (at_ms, &text).hash(&mut self.hasher);
        self.lines.push((at_ms, text));
    }

    /// Takes something in that only a comparison needs.
    pub(crate) fn note(&mut self, what: &[u8]) {
        what.hash(&mut self.hasher);
    }

    /// A number that differs, as good as surely, from that of any other run.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.hasher.finish()
    }

    /// The lines, to print.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(at_ms, text): &(u64, String)| {
            format!("{:>4}:{:02}.{:03}  {text}", at_ms / 60_000, at_ms / 1_000 % 60, at_ms % 1_000)
        };
        self.lines.iter().map(line).collect()
    }
}
