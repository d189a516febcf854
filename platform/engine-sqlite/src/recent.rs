//! The last appends of a service, so that those who follow it at its end need not ask the database.

use crate::encoding::Row;
use journal::Position;
use std::{collections::VecDeque, sync::Arc};

/// How many appends are kept once the table has them.
const KEPT_MAX: usize = 4_096;
/// And how many bytes of events.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Recent {
    rows: VecDeque<Arc<Row>>,
    bytes: usize,
    /// Everything after this position is here.
    floor: Position,
    /// Everything up to this position is in the table.
    settled: Position,
}

impl Recent {
    /// Nothing yet, of a journal that ends at `last`.
    pub(crate) fn after(last: Position) -> Self {
        Self { rows: VecDeque::new(), bytes: 0, floor: last, settled: last }
    }

    pub(crate) fn push(&mut self, row: Arc<Row>) {
        self.bytes += row.events.len();
        self.rows.push_back(row);
    }

    /// The table has everything up to `position`.
    pub(crate) fn settle(&mut self, position: Position) {
        self.settled = position;
        while self.rows.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX {
            match self.rows.front() {
                Some(oldest) if oldest.last_position() <= self.settled => {
                    self.floor = oldest.last_position();
                    self.bytes -= oldest.events.len();
                    self.rows.pop_front();
                }
                _ => break,
            }
        }
    }

    /// Up to where the table has to be asked by whoever has seen everything up to `after`; `None` when all that
    /// comes after it is here.
    pub(crate) fn table_until(&self, after: Position) -> Option<Position> {
        (after < self.floor).then_some(self.floor)
    }

    /// Up to `limit` appends with events after `after`, none beyond `until`.
    pub(crate) fn between(&self, after: Position, until: Position, limit: usize) -> Vec<Arc<Row>> {
        let begin = self.rows.partition_point(|row| row.last_position() <= after);
        let rows = self.rows.range(begin..);
        rows.take_while(|row| row.last_position() <= until).take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn row(first_position: Position, count: u64) -> Arc<Row> {
        let events = Bytes::from_static(&[0; 1024]);
        Arc::new(Row { stream: "s".into(), first_version: 1, first_position, count, events })
    }

    #[test]
    fn what_the_table_does_not_have_is_never_let_go() {
        let mut recent = Recent::after(10);
        let count = 2 * KEPT_MAX as u64;
        for place in 0..count {
            recent.push(row(11 + 2 * place, 2));
        }
        assert_eq!(recent.table_until(9), Some(10));
        assert_eq!(recent.table_until(10), None);
        let all = recent.between(10, Position::MAX, usize::MAX);
        assert_eq!(all.len() as u64, count);

        recent.settle(14);
        assert_eq!(recent.table_until(13), Some(14), "two of them have gone");
        recent.settle(10 + 2 * count);
        let kept = recent.between(0, Position::MAX, usize::MAX).len();
        assert_eq!(kept, KEPT_MAX, "and the newest stay");
    }

    #[test]
    fn a_page_begins_within_an_append_and_ends_before_what_is_not_flushed() {
        let mut recent = Recent::after(0);
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
