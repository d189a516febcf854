//! Unawaited write: it is flushed although no task waits for it.

use super::{append_of, options};
use crate::engine::Engine;
use bytes::Bytes;
use std::time::Duration;

/// Timeout that is long enough for any machine: a write that is never flushed would take for ever.
const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_unawaited_write_is_flushed_after_its_linger() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path(), options()).unwrap();
    let journal = engine.service("warehouse").journal;
    let appended = journal.append(append_of("thing", 0, &Bytes::from("x"))).await.unwrap();
    let flushed = async {
        while !appended.commit.is_durable() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, flushed).await.expect("it is flushed although no task waits");
    engine.close().await.unwrap();
}
