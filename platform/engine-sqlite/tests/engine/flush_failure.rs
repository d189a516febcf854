//! Failed flushes, and a full queue in front of a slow disk.

use crate::{
    engine::options,
    suite::{append, note, open},
};
use engine_sqlite::{Options, SqliteEngine};
use journal::{AppendError, durability};
use rusqlite::Connection;
use storage::{CommitError, StorageError};

#[tokio::test]
async fn a_failed_flush_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let (storage, other) = (engine.service("warehouse"), engine.service("till"));
    let first = storage.journal.append(append("thing-1", 0)).await.unwrap();
    first.commit.wait().await.unwrap();

    let tool = Connection::open(folder.path().join("icommerce.db")).unwrap();
    tool.execute_batch("ALTER TABLE log RENAME TO renamed").unwrap();
    let (lost, dependencies) =
        durability::scope(storage.journal.append(append("thing-1", 1))).await;
    assert_eq!(dependencies.wait().await, Err(CommitError));
    assert_eq!(lost.unwrap().commit.wait().await, Err(CommitError));
    assert_eq!(first.commit.wait().await, Ok(()), "a flushed write stays durable");
    let reason = engine.failed().await;
    assert!(reason.contains("no such table: log"), "{reason}");

    let refused = storage.journal.append(append("thing-1", 2)).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    assert!(
        other.documents.write(vec![note("one", "red")]).await.is_err(),
        "there is one log for all"
    );
    assert!(other.key_value.add("hits", 1, kernel::Timestamp::UNIX_EPOCH, None).await.is_err());
    assert_eq!(engine.close().await, Err(CommitError));

    tool.execute_batch("ALTER TABLE renamed RENAME TO log").unwrap();
    drop(tool);
    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    assert_eq!(storage.journal.follow(0, 10).await.unwrap().len(), 1);
    assert_eq!(storage.journal.append(append("thing-1", 1)).await.unwrap().version, 2);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn writes_that_cannot_be_applied_stay_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let (storage, other) = (engine.service("warehouse"), engine.service("till"));
    for service in [&storage, &other] {
        service.journal.append(append("thing-1", 0)).await.unwrap().commit.wait().await.unwrap();
    }
    let tool = Connection::open(folder.path().join("icommerce.db")).unwrap();
    tool.execute_batch("ALTER TABLE \"till/journal\" RENAME TO renamed").unwrap();
    for service in [&storage, &other] {
        let appended = service.journal.append(append("thing-1", 1)).await.unwrap();
        assert_eq!(appended.commit.wait().await, Ok(()), "the log has it");
    }
    let reason = engine.failed().await;
    assert!(reason.contains("till/journal"), "{reason}");
    assert_eq!(engine.close().await, Err(CommitError));

    tool.execute_batch("ALTER TABLE renamed RENAME TO \"till/journal\"").unwrap();
    drop(tool);
    let engine = open(folder.path());
    for service in ["warehouse", "till"] {
        assert_eq!(engine.service(service).journal.follow(0, 10).await.unwrap().len(), 2);
    }
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_writes_until_it_drains() {
    let folder = tempfile::tempdir().unwrap();
    let engine =
        SqliteEngine::open(folder.path(), Options { queue_writes_max: 4, ..options() }).unwrap();
    let storage = engine.service("warehouse");
    storage.journal.append(append("thing", 0)).await.unwrap().commit.wait().await.unwrap();
    let tool = Connection::open(folder.path().join("icommerce.db")).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut accepted = Vec::new();
    let refused = loop {
        match storage.journal.append(append("thing", 1 + accepted.len() as u64)).await {
            Ok(appended) => accepted.push(appended),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Storage(StorageError::Unavailable(_))), "{refused:?}");
    assert!((4..=8).contains(&accepted.len()), "one batch being flushed and one in the queue");
    assert_eq!(
        storage.journal.read("thing", 0, 100).await.unwrap().len(),
        1 + accepted.len(),
        "reading goes on"
    );
    tool.execute_batch("COMMIT").unwrap();
    for appended in &accepted {
        appended.commit.wait().await.unwrap();
    }
    let next = storage.journal.append(append("thing", 1 + accepted.len() as u64)).await.unwrap();
    next.commit.wait().await.unwrap();
    engine.close().await.unwrap();
}
