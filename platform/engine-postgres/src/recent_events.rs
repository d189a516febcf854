//! Recent events: the end of a journal in memory, from which followers that keep up are served without a query.
//!
//! The writer adds what it has committed. Events that another process committed are not among them: positions show that something is
//! missing, and what lies before it is forgotten.

use journal::{Append, Position, RecordedEvent};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// Bytes that are kept for each service; a larger event is left to the database.
const BYTES_MAX: usize = 4 << 20;
/// Events that are kept for each service.
const EVENTS_MAX: usize = 8_192;
/// What an event occupies beside its data, near enough.
const EVENT_BYTES: usize = 256;

/// Recent events of one service.
#[derive(Debug)]
pub(crate) struct RecentEvents {
    /// Whether nobody else appends, so that there are no events but those that are known here.
    is_sole_writer: bool,
    tail: Mutex<Tail>,
}

/// All events after one position, up to another one.
#[derive(Debug)]
struct Tail {
    after: Position,
    end: Position,
    events: VecDeque<RecordedEvent>,
    bytes: usize,
}

impl RecentEvents {
    /// None yet, of a journal that ends at this position.
    pub(crate) fn after(end: Position, is_sole_writer: bool) -> Self {
        let tail = Tail { after: end, end, events: VecDeque::new(), bytes: 0 };
        Self { is_sole_writer, tail: Mutex::new(tail) }
    }

    /// Events after a position, at most `limit`, as they are stored; `None` when only the database can tell. Fewer than the limit are all that
    /// there are. `last` is the last position that this process has heard of: beyond what was added, where a batch was committed and its
    /// answer was lost.
    pub(crate) fn follow(
        &self,
        after: Position,
        limit: usize,
        last: Position,
    ) -> Option<Vec<RecordedEvent>> {
        let tail = self.tail.lock();
        let is_end_known = self.is_sole_writer && last <= tail.end;
        if tail.after > after {
            return None;
        }
        let first = tail.events.partition_point(|event| event.position <= after);
        let is_page_full = tail.events.len() - first >= limit;
        let is_known = is_page_full || is_end_known;
        is_known.then(|| tail.events.range(first..).take(limit).cloned().collect())
    }

    /// Adds the events of a committed batch, which took the positions after `first` up to `end`.
    pub(crate) fn add(
        &self,
        (first, end): (Position, Position),
        events: impl Iterator<Item = RecordedEvent>,
    ) {
        let mut tail = self.tail.lock();
        if tail.end != first {
            *tail = Tail { after: first, end: first, events: VecDeque::new(), bytes: 0 };
        }
        tail.end = end;
        for event in events {
            tail.bytes += size(&event);
            tail.events.push_back(event);
        }
        while tail.bytes > BYTES_MAX || tail.events.len() > EVENTS_MAX {
            let Some(oldest) = tail.events.pop_front() else { break };
            tail.bytes -= size(&oldest);
            tail.after = oldest.position;
        }
    }

    /// Removes the events of a stream that was deleted.
    pub(crate) fn remove_stream(&self, stream: &str) {
        let mut tail = self.tail.lock();
        let Tail { events, bytes, .. } = &mut *tail;
        events.retain(|event| {
            let is_kept = event.stream != stream;
            if !is_kept {
                *bytes -= size(event);
            }
            is_kept
        });
    }
}

fn size(event: &RecordedEvent) -> usize {
    EVENT_BYTES + event.data.len()
}

/// Events of an append, as a follower reads them. `last` is the position of the last one.
pub(crate) fn recorded(append: &Append, last: Position) -> impl Iterator<Item = RecordedEvent> {
    let first = last + 1 - append.events.len() as u64;
    append.events.iter().zip(0..).map(move |(event, nth)| RecordedEvent {
        position: first + nth,
        stream: append.stream.clone(),
        version: append.expected + nth + 1,
        id: event.id,
        name: event.name.to_owned(),
        data: event.data.clone(),
        recorded_at: event.recorded_at,
        origin: append.origin.clone(),
        typed: event.typed.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use kernel::{Timestamp, Uuid};

    fn event(position: Position, bytes: usize) -> RecordedEvent {
        RecordedEvent {
            position,
            stream: format!("subject-{}", position % 2),
            version: 1,
            id: Uuid::from_u128(position.into()),
            name: "changed".into(),
            data: Bytes::from(vec![0; bytes]),
            recorded_at: Timestamp::UNIX_EPOCH,
            origin: None,
            typed: journal::TypedEvent::default(),
        }
    }

    fn add(recent: &RecentEvents, positions: std::ops::Range<Position>) {
        let bounds = (positions.start - 1, positions.end - 1);
        recent.add(bounds, positions.map(|position| event(position, 10)));
    }

    fn positions(recent: &RecentEvents, after: Position) -> Option<Vec<Position>> {
        let events = recent.follow(after, 100, 0)?;
        Some(events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn followers_see_what_was_added_and_older_positions_are_left_to_the_database() {
        let recent = RecentEvents::after(10, true);
        assert_eq!(positions(&recent, 9), None);
        assert_eq!(positions(&recent, 10), Some(vec![]));
        add(&recent, 11..14);
        add(&recent, 14..15);
        assert_eq!(positions(&recent, 10), Some(vec![11, 12, 13, 14]));
        assert_eq!(positions(&recent, 13), Some(vec![14]));
        assert!(
            recent.follow(14, 1, 15).is_none(),
            "there is one of which only the position is known"
        );
        assert_eq!(recent.follow(10, 2, 14).unwrap().len(), 2);
        assert_eq!(recent.follow(10, 4, 15).unwrap().len(), 4);
        assert!(
            recent.follow(10, 5, 15).is_none(),
            "a page with room would say that there are no more"
        );
    }

    #[test]
    fn a_gap_that_another_process_filled_leaves_what_lies_before_to_the_database() {
        let recent = RecentEvents::after(10, false);
        add(&recent, 11..13);
        add(&recent, 15..16);
        assert_eq!(positions(&recent, 11), None);
        assert_eq!(positions(&recent, 13), None);
        assert_eq!(recent.follow(14, 1, 15).unwrap().len(), 1);
        assert_eq!(positions(&recent, 14), None, "another process may have appended");
    }

    #[test]
    fn a_batch_without_accepted_events_moves_the_end_and_a_deleted_stream_is_gone() {
        let recent = RecentEvents::after(0, true);
        add(&recent, 1..5);
        recent.add((4, 9), std::iter::empty());
        add(&recent, 10..11);
        assert_eq!(positions(&recent, 0), Some(vec![1, 2, 3, 4, 10]));
        recent.remove_stream("subject-1");
        assert_eq!(positions(&recent, 0), Some(vec![2, 4, 10]));
    }

    #[test]
    fn memory_is_bounded_by_bytes_and_by_number() {
        let recent = RecentEvents::after(0, true);
        let large = BYTES_MAX / 4;
        recent.add((0, 6), (1..=6).map(|position| event(position, large)));
        assert_eq!(positions(&recent, 2), None);
        assert_eq!(positions(&recent, 3), Some(vec![4, 5, 6]));
        let many = RecentEvents::after(0, true);
        let count = EVENTS_MAX as u64 + 10;
        many.add((0, count), (1..=count).map(|position| event(position, 1)));
        assert_eq!(many.tail.lock().events.len(), EVENTS_MAX);
        assert_eq!(positions(&many, 9), None);
        assert_eq!(many.follow(10, 1, count).unwrap()[0].position, 11);
    }
}
