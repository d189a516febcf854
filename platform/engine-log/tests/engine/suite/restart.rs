//! Restart: what the next process finds.

use super::{NOTES, append, note, open};
use crate::engine::{Engine, OpenError, options};
use bytes::Bytes;
use journal::{AppendError, DeleteError, ServiceStorage, Snapshot};
use kernel::Timestamp;
use storage::{Query, StorageError};

pub(crate) const NOON: i64 = 1_767_268_800;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("the time is within range")
}

pub(crate) async fn fill(storage: &ServiceStorage) {
    for version in 0..3 {
        let mut request = append("thing-1", version);
        request.writes = vec![note(&version.to_string(), "red")];
        let _ = storage.journal.append(request).await.expect("it is accepted");
    }
    let snapshot = Snapshot { position: 2, data: Bytes::from_static(b"two") };
    let _ = storage.journal.save_snapshot("levels", snapshot).await.expect("it is accepted");
    let _ = storage
        .key_value
        .put("for good", Bytes::from_static(b"1"), None)
        .await
        .expect("it is accepted");
    let _ = storage
        .key_value
        .put("till noon", Bytes::from_static(b"2"), Some(at(NOON)))
        .await
        .expect("it is accepted");
    assert_eq!(storage.key_value.add("hits", 5, at(0), None).await.expect("it answers"), 5);
}

pub(crate) async fn check(storage: &ServiceStorage) {
    let (journal, values) = (&storage.journal, &storage.key_value);
    let events = journal.follow(0, 10).await.expect("it answers");
    assert_eq!(events.len(), 3);
    assert_eq!(journal.read("thing-1", 0, 10).await.expect("it answers"), events);
    assert_eq!(journal.last_position().await.expect("it answers"), events[2].position);
    journal.wait_beyond(events[1].position).await;
    let snapshot = journal.snapshot("levels").await.expect("it answers").expect("it was saved");
    assert_eq!((snapshot.position, &snapshot.data[..]), (2, &b"two"[..]));
    let found =
        storage.documents.query(&NOTES, Query::all("by_colour", 10)).await.expect("it answers");
    assert_eq!(found.documents.len(), 3);
    assert_eq!(
        values.value("for good", at(NOON)).await.expect("it answers").as_deref(),
        Some(&b"1"[..])
    );
    assert_eq!(
        values.value("till noon", at(NOON - 1)).await.expect("it answers").as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(values.value("till noon", at(NOON)).await.expect("it answers"), None);
    assert_eq!(values.value("hits", at(0)).await.expect("it answers").as_deref(), Some(&b"5"[..]));
}

#[tokio::test]
async fn a_restart_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    fill(&engine.service("warehouse")).await;
    fill(&engine.service("till")).await;
    fill(&engine.bulk("audit")).await;
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    check(&storage).await;
    check(&engine.service("till")).await;
    check(&engine.bulk("audit")).await;
    assert_eq!(engine.service("audit").journal.last_position().await.unwrap(), 0);

    let repeated = storage.journal.append(append("thing-1", 0)).await.unwrap();
    assert_eq!(repeated.version, 1, "a repeated append is recognised after a restart");
    let refused = storage.journal.append(append("thing-1", 4)).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: 3 })), "{refused:?}");
    let before = engine.service("till").journal.last_position().await.unwrap();
    let next = storage.journal.append(append("thing-1", 3)).await.unwrap();
    assert!(next.position > before, "positions continue after those of all services");
    assert_eq!(storage.key_value.add("hits", 1, at(0), None).await.unwrap(), 6);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_closed_engine_has_flushed_everything_and_refuses_writes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    let appended = storage.journal.append(append("thing-1", 0)).await.unwrap();
    engine.close().await.unwrap();
    assert!(appended.commit.is_durable());
    let refused = storage.journal.append(append("thing-1", 1)).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    let refused = storage.journal.delete_stream("thing-1", 1).await;
    assert!(
        matches!(refused, Err(DeleteError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    assert!(storage.documents.write(vec![note("one", "red")]).await.is_err());
    assert!(storage.key_value.remove("one").await.is_err());
    assert!(!folder.path().join("icommerce.db-wal").exists(), "the shop is one file to back up");
    engine.close().await.unwrap();
}

#[tokio::test]
async fn queued_writes_are_flushed_after_every_handle_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    for version in 0..100 {
        let _ = storage.journal.append(append("thing-1", version)).await.unwrap();
    }
    drop((engine, storage));
    let engine = loop {
        // The writer releases the folder when it is done.
        match Engine::open(folder.path(), options()) {
            Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    let events = engine.service("warehouse").journal.follow(0, 1_000).await.unwrap();
    assert_eq!(events.len(), 100);
}
