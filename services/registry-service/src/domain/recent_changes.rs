//! Recent changes: what a delta consists of, and what a watcher has not seen yet.

use super::instance::{Instance, LeaseTimes, LeasedInstance};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

/// Time for which a change is remembered, in milliseconds.
pub(crate) const RETENTION_MS: u64 = 180_000;
/// Changes that are remembered at most: clients that miss older ones fetch everything.
pub(crate) const CHANGES_MAX: usize = 65_536;

/// Queue of recent changes. Each has the next number of a sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecentChanges {
    changes: VecDeque<Change>,
    /// Number of the last change.
    sequence: u64,
    /// Increases whenever the content of a delta changes, also when changes are forgotten.
    revision: u64,
}

#[derive(Clone, Debug)]
struct Change {
    sequence: u64,
    at_ms: u64,
    changed: LeasedInstance,
}

impl RecentChanges {
    /// Remembers how an instance is now.
    pub(crate) fn push(&mut self, instance: Arc<Instance>, times: LeaseTimes, now_ms: u64) {
        self.sequence += 1;
        self.revision += 1;
        if self.changes.len() >= CHANGES_MAX {
            self.changes.pop_front();
        }
        let changed = LeasedInstance { instance, times };
        self.changes.push_back(Change { sequence: self.sequence, at_ms: now_ms, changed });
    }

    /// Forgets what is older than the retention.
    pub(crate) fn forget(&mut self, now_ms: u64) {
        let oldest_ms = now_ms.saturating_sub(RETENTION_MS);
        while self.changes.front().is_some_and(|change| change.at_ms < oldest_ms) {
            self.changes.pop_front();
            self.revision += 1;
        }
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The last change of each instance that changed after this number, in the order of these changes; `None` if some of them may be
    /// forgotten already.
    pub(crate) fn after(&self, sequence: u64) -> Option<Vec<LeasedInstance>> {
        let is_known = match self.changes.front() {
            Some(first) => first.sequence <= sequence + 1,
            None => sequence == self.sequence,
        };
        (is_known && sequence <= self.sequence).then(|| self.last_of_each(sequence))
    }

    /// The last change of each instance of which one is remembered.
    pub(crate) fn all(&self) -> Vec<LeasedInstance> {
        self.last_of_each(0)
    }

    fn last_of_each(&self, after: u64) -> Vec<LeasedInstance> {
        let mut known = HashSet::new();
        let newest_first = self.changes.iter().rev().take_while(|change| change.sequence > after);
        let mut changes: Vec<_> = newest_first
            .filter(|change| {
                known.insert((&*change.changed.instance.app, &*change.changed.instance.id))
            })
            .map(|change| change.changed.clone())
            .collect();
        changes.reverse();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance::samples;

    fn push(changes: &mut RecentChanges, id: &str, now_ms: u64) {
        changes.push(Arc::new(samples::instance("A", id, now_ms)), LeaseTimes::default(), now_ms);
    }

    fn ids(changes: Option<Vec<LeasedInstance>>) -> Option<Vec<String>> {
        Some(changes?.iter().map(|it| it.instance.id.clone()).collect())
    }

    #[test]
    fn an_instance_is_listed_once_as_it_is_now() {
        let mut changes = RecentChanges::default();
        push(&mut changes, "a", 1);
        push(&mut changes, "b", 2);
        push(&mut changes, "a", 3);
        assert_eq!(ids(Some(changes.all())).unwrap(), ["b", "a"]);
        assert_eq!(changes.all()[1].instance.last_dirty_ms, 3);
        assert_eq!(ids(changes.after(2)).unwrap(), ["a"]);
        assert_eq!(ids(changes.after(3)).unwrap(), Vec::<String>::new());
        assert_eq!(ids(changes.after(4)), None, "of a later registry");
    }

    #[test]
    fn what_is_forgotten_cannot_be_continued() {
        let mut changes = RecentChanges::default();
        push(&mut changes, "a", 0);
        push(&mut changes, "b", 100_000);
        let before = changes.revision();
        changes.forget(180_000);
        assert_eq!(changes.revision(), before);
        changes.forget(180_001);
        assert!(changes.revision() > before);
        assert_eq!(ids(changes.after(0)), None);
        assert_eq!(ids(changes.after(1)).unwrap(), ["b"]);
        changes.forget(500_000);
        assert_eq!(ids(changes.after(1)), None);
        assert_eq!(ids(changes.after(2)).unwrap(), Vec::<String>::new());
    }
}
