//! Events of one service, indexed by position and by stream.

use ::journal::{NewEvent, Position, RecordedEvent, StreamId, Version};
use kernel::Origin;
use std::collections::{HashMap, HashSet};

/// Event index of one service.
#[derive(Debug, Default)]
pub(crate) struct MemoryEvents {
    /// Events in the order of their positions.
    all: Vec<RecordedEvent>,
    /// Indexes into `all` of each stream's events, in the order of their versions.
    streams: HashMap<StreamId, Vec<usize>>,
    /// Streams whose deletion is decided and not flushed.
    deleted: HashSet<StreamId>,
}

impl MemoryEvents {
    /// Number of events that a stream has.
    pub(crate) fn version(&self, stream: &str) -> Version {
        if self.deleted.contains(stream) {
            return 0;
        }
        self.streams.get(stream).map_or(0, |indexes| indexes.len() as Version)
    }

    /// Up to `limit` events of a stream with a version above `after`.
    pub(crate) fn of_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        if self.deleted.contains(stream) {
            return Vec::new();
        }
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

    /// Whether the deletion of a stream is decided and not flushed.
    pub(crate) fn is_being_deleted(&self, stream: &str) -> bool {
        self.deleted.contains(stream)
    }

    /// Position of the last event of a stream.
    pub(crate) fn last_of_stream(&self, stream: &str) -> Option<Position> {
        let last = self.streams.get(stream)?.last()?;
        Some(self.all[*last].position)
    }

    /// Hides a stream until its deletion is flushed.
    pub(crate) fn begin_deletion(&mut self, stream: &str) {
        self.deleted.insert(stream.to_owned());
    }

    /// Deletes the events of a stream.
    pub(crate) fn delete(&mut self, stream: &str) {
        self.deleted.remove(stream);
        self.all.retain(|event| event.stream != stream);
        self.streams.clear();
        for (index, event) in self.all.iter().enumerate() {
            self.streams.entry(event.stream.clone()).or_default().push(index);
        }
    }

    /// Position of the last event up to and including `until`; 0 when there is none.
    pub(crate) fn last_position(&self, until: Position) -> Position {
        let count = self.all.partition_point(|event| event.position <= until);
        self.all[..count].last().map_or(0, |event| event.position)
    }

    /// Truncates the events after `position`, and forgets the deletions that were not flushed.
    pub(crate) fn truncate(&mut self, position: Position) {
        self.deleted.clear();
        let kept = self.all.partition_point(|event| event.position <= position);
        self.all.truncate(kept);
        for indexes in self.streams.values_mut() {
            indexes.truncate(indexes.partition_point(|index| *index < kept));
        }
    }
}
