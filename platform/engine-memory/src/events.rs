//! The events of one service, found by position and by stream.

use ::journal::{NewEvent, Position, RecordedEvent, StreamId, Version};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Events {
    /// In order of position.
    all: Vec<RecordedEvent>,
    /// Of each stream, where its events are in `all`.
    streams: HashMap<StreamId, Vec<usize>>,
}

impl Events {
    pub(crate) fn version(&self, stream: &str) -> Version {
        self.streams.get(stream).map_or(0, |places| places.len() as Version)
    }

    /// Up to `limit` events of a stream, from the one after `after`.
    pub(crate) fn of_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let Some(places) = self.streams.get(stream) else { return Vec::new() };
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        places.iter().skip(skipped).take(limit).map(|place| self.all[*place].clone()).collect()
    }

    /// Up to `limit` events after the position `after` and not after `until`.
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

    pub(crate) fn push(&mut self, stream: &str, position: Position, event: NewEvent) {
        let places = self.streams.entry(stream.to_owned()).or_default();
        places.push(self.all.len());
        self.all.push(RecordedEvent {
            position,
            stream: stream.to_owned(),
            version: places.len() as Version,
            id: event.id,
            name: event.name.to_owned(),
            data: event.data,
            recorded_at: event.recorded_at,
        });
    }

    /// The position of the last event that is not after `until`.
    pub(crate) fn last_position(&self, until: Position) -> Position {
        let count = self.all.partition_point(|event| event.position <= until);
        self.all[..count].last().map_or(0, |event| event.position)
    }

    /// Forgets the events after `position`.
    pub(crate) fn truncate(&mut self, position: Position) {
        let kept = self.all.partition_point(|event| event.position <= position);
        self.all.truncate(kept);
        for places in self.streams.values_mut() {
            places.truncate(places.partition_point(|place| *place < kept));
        }
    }
}
