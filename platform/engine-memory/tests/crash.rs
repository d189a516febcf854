//! Held flushes and injected crashes, on which tests and the simulation rely.

use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, ServiceStorage, durability};
use kernel::{Timestamp, Uuid};
use storage::{Collection, CommitError, Document, Write};

static NOTES: Collection = Collection { name: "notes", indexes: &[] };

fn append(expected: u64) -> Append {
    let event = NewEvent {
        id: Uuid::from_u128(u128::from(expected)),
        name: "thing_happened",
        data: Bytes::from_static(b"{}"),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let body = Bytes::from(expected.to_string());
    let document = Document { key: "note".to_owned(), body, fields: Vec::new() };
    let writes = vec![Write::Put { collection: &NOTES, document }];
    Append {
        stream: "thing-1".to_owned(),
        expected,
        events: vec![event],
        writes,
        origin: None,
        sequence: None,
    }
}

async fn seen(storage: &ServiceStorage) -> (usize, usize, Option<Bytes>, Option<Bytes>) {
    let read = storage.journal.read("thing-1", 0, 10).await.expect("it answers").len();
    let followed = storage.journal.follow(0, 10).await.expect("it answers").len();
    let note =
        storage.documents.find(&NOTES, "note").await.expect("it answers").map(|stored| stored.body);
    let value = storage.key_value.value("value", Timestamp::UNIX_EPOCH).await.expect("it answers");
    (read, followed, note, value)
}

async fn write_both(storage: &ServiceStorage, number: u64) {
    storage.journal.append(append(number)).await.expect("it answers").commit.is_durable();
    let _ = storage
        .key_value
        .put("value", Bytes::from(number.to_string()), None)
        .await
        .expect("it answers");
}

#[tokio::test]
async fn held_writes_are_decided_but_not_published() {
    let engine = MemoryEngine::new();
    let storage = engine.service("warehouse");
    write_both(&storage, 0).await;
    engine.hold();
    let ((), dependencies) = durability::scope(write_both(&storage, 1)).await;
    assert_eq!(seen(&storage).await, (2, 1, Some("0".into()), Some("1".into())));
    let ((), ()) =
        tokio::join!(async { dependencies.wait().await.unwrap() }, async { engine.flush() });
    assert_eq!(seen(&storage).await, (2, 2, Some("1".into()), Some("1".into())));
}

#[tokio::test]
async fn a_crash_loses_exactly_the_unflushed_writes() {
    let engine = MemoryEngine::new();
    let storage = engine.service("warehouse");
    write_both(&storage, 0).await;
    engine.hold();
    let ((), dependencies) = durability::scope(write_both(&storage, 1)).await;
    let restarted = engine.crash();
    assert_eq!(dependencies.wait().await, Err(CommitError));
    assert!(storage.journal.append(append(2)).await.is_err());

    let storage = restarted.service("warehouse");
    assert_eq!(seen(&storage).await, (1, 1, Some("0".into()), Some("0".into())));
    write_both(&storage, 1).await;
    assert_eq!(seen(&storage).await, (2, 2, Some("1".into()), Some("1".into())));
}

#[tokio::test]
async fn a_closed_engine_has_flushed_everything_and_refuses_writes() {
    let engine = MemoryEngine::new();
    let storage = engine.service("warehouse");
    engine.hold();
    write_both(&storage, 0).await;
    engine.close().await.unwrap();
    assert_eq!(seen(&storage).await, (1, 1, Some("0".into()), Some("0".into())));
    assert!(storage.journal.append(append(1)).await.is_err());
}
