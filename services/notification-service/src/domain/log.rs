//! Log of a notification: the states that it reached, and why.

use super::notification::StateName;
use kernel::Timestamp;

/// Entries that are kept, the last ones.
pub(crate) const ENTRIES_MAX: usize = 20;
/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 200;

/// Log, oldest entry first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log(Vec<LogEntry>);

/// Entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) at: Timestamp,
    pub(crate) state: StateName,
    pub(crate) reason: Option<String>,
}

impl Log {
    /// Log with these entries.
    pub(crate) fn of(entries: Vec<LogEntry>) -> Self {
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[LogEntry] {
        &self.0
    }

    pub(crate) fn push(&mut self, at: Timestamp, state: StateName, reason: Option<&str>) {
        let reason = reason.map(without_addresses);
        self.0.push(LogEntry { at, state, reason });
        let surplus = self.0.len().saturating_sub(ENTRIES_MAX);
        self.0.drain(..surplus);
    }
}

/// Reason without words that are addresses of people: the log outlives them.
fn without_addresses(reason: &str) -> String {
    let words = reason.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    text.chars().filter(|it| !it.is_control()).take(REASON_CHARACTERS_MAX).collect()
}
