//! A write that nobody waits for.

use crate::{append_of, options};
use bytes::Bytes;
use engine_sqlite::SqliteEngine;
use std::time::Duration;

/// Long enough for any machine; a write that never comes to the disk would take for ever.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn it_comes_to_the_disk_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let engine = SqliteEngine::open(folder.path(), options()).unwrap();
    let journal = engine.service("warehouse").journal;
    let appended = journal.append(append_of("thing", 0, &Bytes::from("x"))).await.unwrap();
    let flushed = async {
        while !appended.commit.is_durable() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, flushed).await.expect("it is flushed though nobody waits");
    engine.close().await.unwrap();
}
