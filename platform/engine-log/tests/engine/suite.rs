//! Promises of an embedded engine beyond the ports, in terms that name no file format.

mod collections;
mod data_folder;
pub(crate) mod folders;
mod full_disk;
mod isolation;
pub(crate) mod restart;
mod small_disk;
mod unawaited_write;

use crate::engine::{Engine, options};
use bytes::Bytes;
use journal::{Append, NewEvent};
use kernel::{Timestamp, Uuid};
use std::path::Path;
use storage::{Collection, Document, FieldValue, Index, Write};

pub(crate) static NOTES: Collection =
    Collection { name: "notes", indexes: &[Index { name: "by_colour", fields: &["colour"] }] };

pub(crate) fn open(folder: &Path) -> Engine {
    Engine::open(folder, options()).expect("the folder can be opened")
}

pub(crate) fn append(stream: &str, expected: u64) -> Append {
    append_of(stream, expected, &Bytes::from_static(b"{}"))
}

pub(crate) fn append_of(stream: &str, expected: u64, data: &Bytes) -> Append {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream} {expected}").as_bytes());
    let (data, recorded_at) = (data.clone(), Timestamp::UNIX_EPOCH);
    let event = NewEvent {
        id,
        name: "thing_happened",
        data,
        recorded_at,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    Append {
        stream: stream.to_owned(),
        expected,
        events: vec![event],
        writes: Vec::new(),
        origin: None,
        sequence: None,
    }
}

pub(crate) fn note(key: &str, colour: &str) -> Write {
    let fields = vec![("colour", FieldValue::Text(colour.to_owned()))];
    let document = Document { key: key.to_owned(), body: Bytes::from(colour.to_owned()), fields };
    Write::Put { collection: &NOTES, document }
}
