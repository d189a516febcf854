//! Promises of the engine beyond the ports: opening, restart, a full disk, failed flushes.

mod collections;
mod flush_failure;
mod full_disk;
mod isolation;
mod lost_files;
mod model;
mod opening;
mod restart;
mod simulated_disk;
#[path = "../../../engine-sqlite/tests/engine/small_disk.rs"]
mod small_disk;
mod torn_log;
mod unawaited_write;

use bytes::Bytes;
use engine_log::{LogEngine, LogOptions};
use journal::{Append, NewEvent};
use kernel::{Timestamp, Uuid};
use std::path::Path;
use storage::{Collection, Document, FieldValue, Index, Write};

static NOTES: Collection =
    Collection { name: "notes", indexes: &[Index { name: "by_colour", fields: &["colour"] }] };

fn options() -> LogOptions {
    LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() }
}

fn open(folder: &Path) -> LogEngine {
    LogEngine::open(folder, options()).expect("the folder can be opened")
}

/// Folder in memory where there is one, for tests whose disk is simulated.
fn fast_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("there is room for a test")
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
