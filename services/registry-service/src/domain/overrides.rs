//! Overrides: statuses that operators set in place of those of the instances.
//!
//! A removal is remembered as well, with its time, so that peers which did not hear of it learn which of them knows better.

use super::status::InstanceStatus;
use std::collections::HashMap;

/// Time after the last access for which an override is remembered, in milliseconds.
const MEMORY_MS: u64 = 3_600_000;

/// Overrides by id of the instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides(HashMap<String, Entry>);

/// Override with the time when somebody set or removed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StatusOverride {
    /// When, in milliseconds of the Unix epoch; zero if nobody knows.
    pub(crate) changed_ms: u64,
    /// `Unknown` for none.
    pub(crate) status: InstanceStatus,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    value: StatusOverride,
    accessed_ms: u64,
}

impl StatusOverride {
    pub(crate) const NONE: Self = Self { changed_ms: 0, status: InstanceStatus::Unknown };

    /// Whether this one counts where a peer has that one: the later change, and of two at the same time the one that overrides.
    pub(crate) fn wins_over(self, other: Self) -> bool {
        let rank = |it: Self| (it.changed_ms, it.status != InstanceStatus::Unknown, it.status);
        rank(self) > rank(other)
    }
}

impl Overrides {
    /// Override of an instance, removed ones included; an access.
    pub(crate) fn access(&mut self, id: &str, now_ms: u64) -> StatusOverride {
        let Some(entry) = self.0.get_mut(id) else { return StatusOverride::NONE };
        entry.accessed_ms = now_ms;
        entry.value
    }

    /// The same without an access.
    pub(crate) fn value(&self, id: &str) -> StatusOverride {
        self.0.get(id).map_or(StatusOverride::NONE, |entry| entry.value)
    }

    pub(crate) fn set(&mut self, id: &str, value: StatusOverride, now_ms: u64) {
        self.0.insert(id.to_owned(), Entry { value, accessed_ms: now_ms });
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Overrides in force, by id.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = (&str, InstanceStatus)> {
        let entries = self.0.iter().map(|(id, entry)| (&**id, entry.value.status));
        entries.filter(|(_, status)| *status != InstanceStatus::Unknown)
    }

    /// Forgets those that nobody accessed for long.
    pub(crate) fn forget(&mut self, now_ms: u64) {
        self.0.retain(|_, entry| entry.accessed_ms + MEMORY_MS >= now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_remembered_for_an_hour_after_its_last_access() {
        let mut overrides = Overrides::default();
        let down = StatusOverride { changed_ms: 5, status: InstanceStatus::Down };
        overrides.set("a", down, 5);
        overrides.forget(MEMORY_MS + 5);
        assert_eq!(overrides.access("a", MEMORY_MS), down);
        overrides.forget(2 * MEMORY_MS);
        assert_eq!(overrides.value("a"), down);
        overrides.forget(2 * MEMORY_MS + 1);
        assert_eq!(overrides.value("a"), StatusOverride::NONE);
    }

    #[test]
    fn the_later_change_wins_and_of_two_at_once_the_one_that_overrides() {
        let at = |changed_ms, status| StatusOverride { changed_ms, status };
        let (none, down, out) =
            (InstanceStatus::Unknown, InstanceStatus::Down, InstanceStatus::OutOfService);
        assert!(at(2, none).wins_over(at(1, down)) && !at(1, down).wins_over(at(2, none)));
        assert!(at(1, down).wins_over(at(1, none)) && !at(1, none).wins_over(at(1, down)));
        assert!(at(1, out).wins_over(at(1, down)) != at(1, down).wins_over(at(1, out)));
        assert!(!at(1, down).wins_over(at(1, down)));
    }
}
