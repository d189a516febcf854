//! Recent appends of a service: a tail of its journal in memory, so that consumers at its end need not query the database.

use crate::append_row::AppendRow;
use journal::Position;
use std::{collections::VecDeque, sync::Arc};

/// Limit of applied appends that are kept.
const KEPT_MAX: usize = 4_096;
/// Limit of applied appends that are kept, in bytes of events.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Tail of a journal: every append that is not applied to the table, and the newest of the applied ones.
#[derive(Debug)]
pub(crate) struct RecentAppends {
    rows: VecDeque<Arc<AppendRow>>,
    bytes: usize,
    /// Position after which the tail is complete.
    floor: Position,
    /// Position up to which the table is complete.
    applied: Position,
}

impl RecentAppends {
    /// Empty tail of a journal that ends at `last`.
    pub(crate) fn after(last: Position) -> Self {
        Self { rows: VecDeque::new(), bytes: 0, floor: last, applied: last }
    }

    pub(crate) fn push(&mut self, row: Arc<AppendRow>) {
        self.bytes += bytes_of(&row);
        self.rows.push_back(row);
    }

    /// Records that the table is complete up to `position`, and evicts the oldest applied appends above the limits.
    pub(crate) fn mark_applied(&mut self, position: Position) {
        self.applied = position;
        while self.rows.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX {
            match self.rows.front() {
                Some(oldest) if oldest.last_position() <= self.applied => {
                    self.floor = oldest.last_position();
                    self.bytes -= bytes_of(oldest);
                    self.rows.pop_front();
                }
                _ => break,
            }
        }
    }

    /// Position up to which a consumer that has read everything up to `after` has to read the table; `None` when the tail
    /// holds all that follows.
    pub(crate) fn table_until(&self, after: Position) -> Option<Position> {
        (after < self.floor).then_some(self.floor)
    }

    /// Up to `limit` appends with events after `after`, up to and including `until`.
    pub(crate) fn between(
        &self,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Vec<Arc<AppendRow>> {
        let begin = self.rows.partition_point(|row| row.last_position() <= after);
        let rows = self.rows.range(begin..);
        rows.take_while(|row| row.last_position() <= until).take(limit).cloned().collect()
    }
}

/// Estimate of the memory that a row takes. Typed events are not measured: each takes about twice its encoded size.
fn bytes_of(row: &AppendRow) -> usize {
    if row.typed.is_empty() { row.events.len() } else { 3 * row.events.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn row(first_position: Position, count: u64) -> Arc<AppendRow> {
        let events = Bytes::from_static(&[0; 1024]);
        Arc::new(AppendRow {
            stream: "s".into(),
            first_version: 1,
            first_position,
            count,
            events,
            typed: Vec::new(),
        })
    }

    #[test]
    fn unapplied_appends_are_never_evicted() {
        let mut recent = RecentAppends::after(10);
        let count = 2 * KEPT_MAX as u64;
        for index in 0..count {
            recent.push(row(11 + 2 * index, 2));
        }
        assert_eq!(recent.table_until(9), Some(10));
        assert_eq!(recent.table_until(10), None);
        let all = recent.between(10, Position::MAX, usize::MAX);
        assert_eq!(all.len() as u64, count);

        recent.mark_applied(14);
        assert_eq!(recent.table_until(13), Some(14), "an append of two events was evicted");
        recent.mark_applied(10 + 2 * count);
        let kept = recent.between(0, Position::MAX, usize::MAX).len();
        assert_eq!(kept, KEPT_MAX, "the newest are kept");
    }

    #[test]
    fn a_page_may_begin_within_an_append_and_ends_before_unflushed_ones() {
        let mut recent = RecentAppends::after(0);
        for first in [1, 4, 7] {
            recent.push(row(first, 3));
        }
        let firsts = |after, until, limit| -> Vec<Position> {
            let rows = recent.between(after, until, limit);
            rows.iter().map(|row| row.first_position).collect()
        };
        assert_eq!(firsts(2, 9, 9), [1, 4, 7]);
        assert_eq!(firsts(3, 6, 9), [4]);
        assert_eq!(firsts(0, 9, 2), [1, 4]);
    }
}
