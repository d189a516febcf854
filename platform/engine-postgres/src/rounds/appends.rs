//! Arrays of the statement that appends: a column for each parameter.

use super::{ENTRY_BYTES_MAX, signed};
use crate::{
    pipeline::{Call, QueryParameter, Rows, parameter},
    statements,
};
use journal::Append;
use kernel::Uuid;
use std::collections::BTreeMap;
use storage::{Collection, Document, StorageError, Write, check_size, index_entry};

/// Arrays of the statement that appends.
#[derive(Debug, Default)]
pub(super) struct Appends<'a> {
    pub(super) streams: StreamColumns<'a>,
    pub(super) events: EventColumns<'a>,
    pub(super) put: DocumentColumns<'a>,
    /// Without bodies.
    pub(super) deleted: DocumentColumns<'a>,
    pub(super) entries: EntryColumns<'a>,
    /// Whether one of the collections has an index.
    pub(super) has_indexes: bool,
}

#[derive(Debug, Default)]
pub(super) struct StreamColumns<'a> {
    pub(super) numbers: Vec<i32>,
    pub(super) names: Vec<&'a str>,
    pub(super) expected: Vec<i64>,
    pub(super) are_sequenced: Vec<bool>,
}

#[derive(Debug, Default)]
pub(super) struct DocumentColumns<'a> {
    pub(super) numbers: Vec<i32>,
    pub(super) collections: Vec<&'a str>,
    pub(super) keys: Vec<&'a [u8]>,
    pub(super) bodies: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
pub(super) struct EntryColumns<'a> {
    pub(super) numbers: Vec<i32>,
    pub(super) collections: Vec<&'a str>,
    pub(super) indexes: Vec<&'a str>,
    pub(super) entries: Vec<Vec<u8>>,
    pub(super) keys: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
pub(super) struct EventColumns<'a> {
    pub(super) numbers: Vec<i32>,
    pub(super) places: Vec<i64>,
    pub(super) streams: Vec<&'a str>,
    pub(super) versions: Vec<i64>,
    pub(super) ids: Vec<Uuid>,
    pub(super) names: Vec<&'a str>,
    pub(super) seconds: Vec<i64>,
    pub(super) nanos: Vec<i32>,
    pub(super) origins: Vec<Option<String>>,
    pub(super) data: Vec<&'a [u8]>,
}

impl<'a> Appends<'a> {
    pub(super) fn append(&mut self, number: i32, append: &'a Append, place: i64) {
        self.streams.numbers.push(number);
        self.streams.names.push(&append.stream);
        self.streams.expected.push(signed(append.expected));
        self.streams.are_sequenced.push(append.sequence.is_some());
        let origin = append.origin.as_ref().map(ToString::to_string);
        for (event, nth) in append.events.iter().zip(1..) {
            let to = &mut self.events;
            to.numbers.push(number);
            to.places.push(place + nth);
            to.streams.push(&append.stream);
            to.versions.push(signed(append.expected).saturating_add(nth));
            to.ids.push(event.id);
            to.names.push(event.name);
            to.seconds.push(event.recorded_at.as_second());
            to.nanos.push(event.recorded_at.subsec_nanosecond());
            to.origins.push(origin.clone());
            to.data.push(&event.data);
        }
    }

    pub(super) fn has_documents(&self) -> bool {
        !self.put.numbers.is_empty() || !self.deleted.numbers.is_empty()
    }

    /// Whether there is nothing but documents to put, none of which has index entries.
    pub(super) fn puts_plain_documents(&self) -> bool {
        self.streams.numbers.is_empty() && self.deleted.numbers.is_empty() && !self.has_indexes
    }

    /// Statement that appends; as a transaction of its own where it has the `writer_token` of the writer.
    pub(super) fn call(
        self,
        taken: i64,
        numbered: Vec<usize>,
        writer_token: Option<Uuid>,
    ) -> Call<'a> {
        let has_documents = self.has_documents();
        let Self { streams, events, put, deleted, entries, has_indexes: _ } = self;
        let mut parameters = vec![
            parameter(streams.numbers),
            parameter(streams.names),
            parameter(streams.expected),
            parameter(taken),
            parameter(events.numbers),
            parameter(events.places),
            parameter(events.streams),
            parameter(events.versions),
            parameter(events.ids),
            parameter(events.names),
            parameter(events.seconds),
            parameter(events.nanos),
            parameter(events.origins),
            parameter(events.data),
            parameter(streams.are_sequenced),
        ];
        if !has_documents {
            let (alone, together) = (statements::APPEND_EVENTS_ALONE, statements::APPEND_EVENTS);
            return append_call((alone, together), parameters, numbered, writer_token);
        }
        parameters.extend([
            parameter(put.numbers),
            parameter(put.collections),
            parameter(put.keys),
            parameter(put.bodies),
            parameter(deleted.numbers),
            parameter(deleted.collections),
            parameter(deleted.keys),
            parameter(entries.numbers),
            parameter(entries.collections),
            parameter(entries.indexes),
            parameter(entries.entries),
            parameter(entries.keys),
        ]);
        let (alone, together) = (statements::APPEND_ALONE, statements::APPEND);
        append_call((alone, together), parameters, numbered, writer_token)
    }

    /// Adds documents; of several writes to one of them the last one counts.
    pub(super) fn write(&mut self, number: i32, writes: &'a [Write]) -> Result<(), StorageError> {
        let mut last: BTreeMap<(&str, &str), Option<(&'static Collection, &'a Document)>> =
            BTreeMap::new();
        for write in writes {
            match write {
                Write::Put { collection, document } => {
                    last.insert((collection.name, &document.key), Some((*collection, document)));
                }
                Write::Delete { collection, key } => {
                    last.insert((collection.name, key), None);
                }
            }
        }
        for ((name, key), put) in last {
            let Some((collection, document)) = put else {
                self.deleted.numbers.push(number);
                self.deleted.collections.push(name);
                self.deleted.keys.push(key.as_bytes());
                continue;
            };
            self.put.numbers.push(number);
            self.put.collections.push(name);
            self.put.keys.push(key.as_bytes());
            self.put.bodies.push(&document.body);
            self.has_indexes |= !collection.indexes.is_empty();
            for index in collection.indexes {
                let Some(position) = document.position_in(index) else { continue };
                self.entries.numbers.push(number);
                self.entries.collections.push(name);
                self.entries.indexes.push(index.name);
                let entry = index_entry::encode(&position);
                check_size(entry.len(), ENTRY_BYTES_MAX)?;
                self.entries.entries.push(entry);
                self.entries.keys.push(key.as_bytes());
            }
        }
        Ok(())
    }
}

/// Call of one of these statements: the first one where there is a token.
fn append_call<'a>(
    (alone, together): (&'static str, &'static str),
    mut parameters: Vec<QueryParameter<'a>>,
    numbered: Vec<usize>,
    writer_token: Option<Uuid>,
) -> Call<'a> {
    let Some(writer_token) = writer_token else {
        return Call::new(together, parameters, Rows::Accepted(numbered));
    };
    parameters.push(parameter(writer_token));
    Call::new(alone, parameters, Rows::PositionAndAccepted(numbered))
}
