//! Promises of the engine beyond the ports: opening, restart, a full disk, failed flushes.

mod collections;
mod flush_failure;
mod full_disk;
mod isolation;
mod lost_files;
mod opening;
mod restart;
mod small_disk;
mod unawaited_write;
mod write_ahead_log;

use bytes::Bytes;
use engine_sqlite::{Options, SqliteEngine};
use journal::{Append, NewEvent};
use kernel::{Timestamp, Uuid};
use std::path::Path;
use storage::{Collection, Document, FieldValue, Index, Write};

static NOTES: Collection =
    Collection { name: "notes", indexes: &[Index { name: "by_colour", fields: &["colour"] }] };

fn options() -> Options {
    Options { disk_reserve_bytes: 0, ..Options::default() }
}

fn open(folder: &Path) -> SqliteEngine {
    SqliteEngine::open(folder, options()).expect("the folder can be opened")
}

fn append(stream: &str, expected: u64) -> Append {
    append_of(stream, expected, &Bytes::from_static(b"{}"))
}

fn append_of(stream: &str, expected: u64, data: &Bytes) -> Append {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream} {expected}").as_bytes());
    let (data, recorded_at) = (data.clone(), Timestamp::UNIX_EPOCH);
    let event = NewEvent {
        id,
        name: "thing_happened",
        data,
        recorded_at,
        typed: journal::TypedEvent::default(),
    };
    Append {
        stream: stream.to_owned(),
        expected,
        events: vec![event],
        writes: Vec::new(),
        origin: None,
    }
}

fn note(key: &str, colour: &str) -> Write {
    let fields = vec![("colour", FieldValue::Text(colour.to_owned()))];
    let document = Document { key: key.to_owned(), body: Bytes::from(colour.to_owned()), fields };
    Write::Put { collection: &NOTES, document }
}
