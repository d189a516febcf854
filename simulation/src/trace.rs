//! Event trace of a run in simulated time: for people when something failed, and as a fingerprint that tells two
//! runs apart.

use std::{
    collections::hash_map::DefaultHasher,
    fmt,
    hash::{Hash, Hasher},
};

/// Trace of one run.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: Vec<(u64, String)>,
    hasher: DefaultHasher,
}

impl Trace {
    /// Adds a line at this moment.
    pub(crate) fn record(&mut self, at_ms: u64, what: fmt::Arguments<'_>) {
        let text = what.to_string();
        (at_ms, &text).hash(&mut self.hasher);
        self.lines.push((at_ms, text));
    }

    /// Hashes bytes into the fingerprint without adding a line.
    pub(crate) fn hash(&mut self, bytes: &[u8]) {
        bytes.hash(&mut self.hasher);
    }

    /// Hash of the whole run: equal for two runs of one history, different for others but for a hash collision.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.hasher.finish()
    }

    /// Lines to print, each with its simulated time.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(at_ms, text): &(u64, String)| {
            format!("{:>4}:{:02}.{:03}  {text}", at_ms / 60_000, at_ms / 1_000 % 60, at_ms % 1_000)
        };
        self.lines.iter().map(line).collect()
    }
}
