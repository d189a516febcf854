//! Events of one service, indexed by position and by stream.

use ::journal::{NewEvent, Position, RecordedEvent, StreamId, Version};
use kernel::Origin;
use std::collections::HashMap;

/// Event index of one service.
#[derive(Debug, Default)]
pub(crate) struct MemoryEvents {
    /// Events in the order of their positions.
    all: Vec<RecordedEvent>,
    /// Indexes into `all` of each stream's events, in the order of their versions.
    streams: HashMap<StreamId, Vec<usize>>,
}

impl MemoryEvents {
    /// Number of events that a stream has.
    pub(crate) fn version(&self, stream: &str) -> Version {
        self.streams.get(stream).map_or(0, |indexes| indexes.len() as Version)
    }

    /// Up to `limit` events of a stream with a version above `after`.
    pub(crate) fn of_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let Some(indexes) = self.streams.get(stream) else { return Vec::new() };
        // A version beyond what memory can hold is beyond every event, too.
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        indexes.iter().skip(skipped).take(limit).map(|index| self.all[*index].clone()).collect()
    }

    /// Up to `limit` events with a position above `after`, up to and including `until`.
    pub(crate) fn between(
        &self,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let first = self.all.partition_point(|event| event.position <= after);
        self.all[first..]
            .iter()
            .take_while(|event| event.position <= until)
            .take(limit)
            .cloned()
            .collect()
    }

    /// Appends an event to a stream.
    pub(crate) fn push(
        &mut self,
        stream: &str,
        position: Position,
        event: NewEvent,
        origin: Option<Origin>,
    ) {
        let indexes = self.streams.entry(stream.to_owned()).or_default();
        indexes.push(self.all.len());
        self.all.push(RecordedEvent {
            position,
            stream: stream.to_owned(),
            version: indexes.len() as Version,
            id: event.id,
            name: event.name.to_owned(),
            data: event.data,
            recorded_at: event.recorded_at,
            origin,
            typed: event.typed,
        });
    }

    /// Position of the last event up to and including `until`; 0 when there is none.
    pub(crate) fn last_position(&self, until: Position) -> Position {
        let count = self.all.partition_point(|event| event.position <= until);
        self.all[..count].last().map_or(0, |event| event.position)
    }

    /// Truncates the events after `position`.
    pub(crate) fn truncate(&mut self, position: Position) {
        let kept = self.all.partition_point(|event| event.position <= position);
        self.all.truncate(kept);
        for indexes in self.streams.values_mut() {
            indexes.truncate(indexes.partition_point(|index| *index < kept));
        }
    }
}
