//! Failed flushes, and a full queue in front of a slow disk.

use crate::{
    engine::options,
    suite::{append, note},
};
use engine_log::{FileSystem, LogEngine, LogOptions};
use journal::{AppendError, durability};
use simulated_disk::{Behaviour, SimulatedDisk};
use std::{path::Path, sync::Arc};
use storage::{CommitError, StorageError};

fn open_on(folder: &Path, disk: &SimulatedDisk, options: LogOptions) -> LogEngine {
    let disk: Arc<dyn FileSystem> = Arc::new(disk.clone());
    LogEngine::open_on(folder, &disk, options).expect("the folder can be opened")
}

#[tokio::test]
async fn a_failed_flush_stops_everything() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, options());
    let (storage, other) = (engine.service("warehouse"), engine.service("till"));
    let first = storage.journal.append(append("thing-1", 0)).await.unwrap();
    first.commit.wait().await.unwrap();

    disk.behave(Behaviour::Failing);
    let (lost, dependencies) =
        durability::scope(storage.journal.append(append("thing-1", 1))).await;
    assert_eq!(dependencies.wait().await, Err(CommitError));
    assert_eq!(lost.unwrap().commit.wait().await, Err(CommitError));
    assert_eq!(first.commit.wait().await, Ok(()), "a flushed write stays durable");
    let reason = engine.failed().await;
    assert!(reason.contains("the simulated disk fails"), "{reason}");
    disk.behave(Behaviour::Honest);

    let refused = storage.journal.append(append("thing-1", 2)).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    let written = other.documents.write(vec![note("one", "red")]).await;
    assert!(written.is_err(), "there is one log for all");
    assert!(other.key_value.add("hits", 1, kernel::Timestamp::UNIX_EPOCH, None).await.is_err());
    assert_eq!(engine.close().await, Err(CommitError));

    let engine = open_on(folder.path(), &disk.after_power_failure(0, 500), options());
    let storage = engine.service("warehouse");
    let flushed = storage.journal.follow(0, 10).await.unwrap().len() as u64;
    assert!((1..=2).contains(&flushed), "the write that failed may have reached the disk");
    let next = storage.journal.append(append("thing-1", flushed)).await.unwrap();
    assert_eq!(next.version, flushed + 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn documents_that_cannot_be_indexed_stop_the_engine_and_stay_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let engine = crate::suite::open(folder.path());
    let documents = engine.service("warehouse").documents;
    documents.write(vec![note("one", "red")]).await.unwrap().wait().await.unwrap();
    let red = storage::Query::all("by_colour", 10);
    assert_eq!(
        documents.query(&crate::suite::NOTES, red.clone()).await.unwrap().documents.len(),
        1
    );

    let tool = rusqlite::Connection::open(folder.path().join("icommerce.db")).unwrap();
    tool.execute_batch("ALTER TABLE mark RENAME TO renamed").unwrap();
    documents.write(vec![note("two", "red")]).await.unwrap().wait().await.unwrap();
    assert!(documents.query(&crate::suite::NOTES, red.clone()).await.is_err());
    let reason = engine.failed().await;
    assert!(reason.contains("mark"), "{reason}");
    assert_eq!(engine.close().await, Err(CommitError));

    tool.execute_batch("ALTER TABLE renamed RENAME TO mark").unwrap();
    drop(tool);
    let engine = crate::suite::open(folder.path());
    let documents = engine.service("warehouse").documents;
    assert_eq!(documents.query(&crate::suite::NOTES, red).await.unwrap().documents.len(), 2);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_writes_until_it_drains() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, LogOptions { queue_writes_max: 4, ..options() });
    let storage = engine.service("warehouse");
    storage.journal.append(append("thing", 0)).await.unwrap().commit.wait().await.unwrap();
    disk.behave(Behaviour::Blocked);
    let mut accepted = Vec::new();
    let refused = loop {
        match storage.journal.append(append("thing", 1 + accepted.len() as u64)).await {
            Ok(appended) => accepted.push(appended),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Storage(StorageError::Refused(_))), "{refused:?}");
    assert!((4..=8).contains(&accepted.len()), "one batch being flushed and one in the queue");
    assert_eq!(
        storage.journal.read("thing", 0, 100).await.unwrap().len(),
        1 + accepted.len(),
        "reading goes on"
    );
    disk.behave(Behaviour::Honest);
    for appended in &accepted {
        appended.commit.wait().await.unwrap();
    }
    let next = storage.journal.append(append("thing", 1 + accepted.len() as u64)).await.unwrap();
    next.commit.wait().await.unwrap();
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_writer_waits_for_an_index_that_is_far_behind() {
    let folder = tempfile::tempdir().unwrap();
    for unindexed_bytes_max in [1, 10_000] {
        let options = LogOptions { unindexed_bytes_max, ..options() };
        let engine = LogEngine::open(folder.path(), options).unwrap();
        let documents = engine.service("warehouse").documents;
        let mut commits = Vec::new();
        for number in 0..200 {
            let key = number.to_string();
            commits.push(documents.write(vec![note(&key, "red")]).await.unwrap());
            if number % 20 == 0 {
                commits.last().unwrap().wait().await.unwrap();
            }
        }
        for commit in &commits {
            commit.wait().await.unwrap();
        }
        let all = documents.scan(&crate::suite::NOTES, None, 1_000).await.unwrap();
        assert_eq!(all.len(), 200);
        engine.close().await.unwrap();
    }
}
