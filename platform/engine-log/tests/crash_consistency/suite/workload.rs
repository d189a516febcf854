//! Workload of the process that is killed, and the verification of what it left behind.

use crate::engine::{Engine, options};
use bytes::Bytes;

use journal::{Append, NewEvent, READ_EVENTS_MAX, RecordedEvent};
use kernel::{Timestamp, Uuid};
use std::{
    collections::HashMap,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use storage::{Collection, Document, Write};
use tokio::task::JoinSet;

const STREAMS: u64 = 6;

static LATEST: Collection = Collection { name: "latest", indexes: &[] };

/// Acknowledged appends: stream and version, by position.
pub(crate) type Acknowledged = HashMap<u64, (u64, u64)>;

/// Records an acknowledgement from a line of the workload's output.
pub(crate) fn record(line: &str, acknowledged: &mut Acknowledged) {
    let numbers: Vec<u64> =
        line.split(' ').map(|number| number.parse().expect("it is a number")).collect();
    let [position, stream, version] = numbers[..] else { panic!("not an acknowledgement: {line}") };
    let before = acknowledged.insert(position, (stream, version));
    assert_eq!(before, None, "a position is given once");
}

/// Appends, and acknowledges flushed appends on standard output, until it is killed or has acknowledged enough.
pub(crate) async fn append(folder: &Path, acknowledgements_max: usize) {
    let engine = Engine::open(folder, options()).expect("the folder is free");
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for stream in 0..STREAMS {
        let journal = Arc::clone(&engine.service("warehouse").journal);
        let acknowledged = Arc::clone(&acknowledged);
        writers.spawn(async move {
            let name = format!("thing-{stream}");
            let mut version = 0;
            loop {
                let page = journal.read(&name, version, READ_EVENTS_MAX).await.expect("it answers");
                let Some(last) = page.last() else { break };
                version = last.version;
            }
            loop {
                let appended = journal
                    .append(next_event(&name, version))
                    .await
                    .expect("no other task writes this stream");
                version = appended.version;
                // Some streams append again before the flush.
                if version % (stream + 1) == 0 {
                    appended.commit.wait().await.expect("it is flushed");
                    // A single call, so that only a kill in the middle of it tears a line.
                    let line = format!("{} {stream} {version}\n", appended.position);
                    std::io::stdout().lock().write_all(line.as_bytes()).expect("the parent reads");
                    if acknowledged.fetch_add(1, Relaxed) + 1 >= acknowledgements_max {
                        // Exit without closing the engine.
                        std::process::exit(0);
                    }
                }
            }
        });
    }
    writers.join_all().await;
}

/// Verifies that a folder holds every acknowledged append, and a prefix of the rest.
pub(crate) async fn verify(folder: &Path, acknowledged: &Acknowledged) -> Result<(), String> {
    let engine = Engine::open(folder, options()).map_err(|error| error.to_string())?;
    let verified = verify_contents(&engine, acknowledged).await;
    let closed = engine.close().await.map_err(|error| error.to_string());
    verified.and(closed)
}

async fn verify_contents(engine: &Engine, acknowledged: &Acknowledged) -> Result<(), String> {
    let storage = engine.service("warehouse");
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.position);
        let page = storage.journal.follow(after, READ_EVENTS_MAX).await;
        let page = page.map_err(|error| error.to_string())?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let mut heads: HashMap<&str, u64> = HashMap::new();
    for (position, event) in (1..).zip(&events) {
        let head = heads.entry(&event.stream).or_default();
        *head += 1;
        if event.position != position || event.version != *head {
            return Err(format!("the events are not a prefix of those decided: {event:?}"));
        }
    }
    for (position, (stream, version)) in acknowledged {
        let index = usize::try_from(position - 1).expect("there are not that many");
        let stored = events.get(index).map(|event| (event.stream.clone(), event.version));
        if stored != Some((format!("thing-{stream}"), *version)) {
            return Err(format!("{position} was acknowledged, and stored is {stored:?}"));
        }
    }
    for (stream, head) in heads {
        let latest = storage.documents.find(&LATEST, stream).await;
        let latest = latest.map_err(|error| error.to_string())?.map(|latest| latest.body);
        if latest != Some(Bytes::from(head.to_string())) {
            return Err(format!("{stream} has version {head}, its document {latest:?}"));
        }
    }
    Ok(())
}

fn next_event(stream: &str, expected: u64) -> Append {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream} {expected}").as_bytes());
    let data = Bytes::from(vec![b'x'; 500]);
    let event = NewEvent {
        id,
        name: "thing_happened",
        data,
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let body = Bytes::from((expected + 1).to_string());
    let document = Document { key: stream.to_owned(), body, fields: Vec::new() };
    let writes = vec![Write::Put { collection: &LATEST, document }];
    Append {
        stream: stream.to_owned(),
        expected,
        events: vec![event],
        writes,
        origin: None,
        sequence: None,
    }
}
