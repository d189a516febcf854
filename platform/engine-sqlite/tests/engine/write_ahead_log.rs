//! `SQLite`'s write-ahead log: it stays small however long the load lasts.

use crate::{engine::options, suite::append_of};
use bytes::Bytes;
use engine_sqlite::{Options, SqliteEngine};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::task::JoinSet;

const LIMIT: u64 = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_write_ahead_log_restarts_under_continuous_load() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 150;
    let folder = tempfile::tempdir().unwrap();
    let options = Options { wal_checkpoint_bytes: LIMIT / 4, wal_bytes_max: LIMIT, ..options() };
    let engine = SqliteEngine::open(folder.path(), options).unwrap();
    let storage = engine.service("warehouse");
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (journal, over) = (Arc::clone(&storage.journal), Arc::clone(&over));
        readers.spawn(async move {
            let mut seen = 0;
            while !over.load(Ordering::Relaxed) {
                seen += journal.follow(0, 100).await.expect("it answers").len();
                tokio::task::yield_now().await;
            }
            seen
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let journal = Arc::clone(&storage.journal);
        writers.spawn(async move {
            let data = Bytes::from(vec![b'x'; 16 * 1024]);
            for version in 0..EACH {
                let request = append_of(&format!("thing-{writer}"), version, &data);
                let appended =
                    journal.append(request).await.expect("no other task writes this stream");
                appended.commit.wait().await.expect("it is flushed");
            }
        });
    }
    writers.join_all().await;
    over.store(true, Ordering::Relaxed);
    assert!(readers.join_all().await.into_iter().all(|seen| seen > 0));
    let statistics = engine.statistics();
    assert_eq!(statistics.writes, WRITERS * EACH);
    assert!(statistics.bytes > 16 * LIMIT, "so much went through");
    assert!(statistics.checkpoints > 0 && statistics.wal_resets > 0, "{statistics:?}");
    // Over the limit by one batch at most, unless a reader was in the way for once.
    assert!(statistics.wal_bytes_peak < 2 * LIMIT, "{statistics:?}");
    let file = std::fs::metadata(folder.path().join("icommerce.db-wal")).unwrap();
    assert!(file.len() < 2 * LIMIT + LIMIT / 4, "{} bytes", file.len());
    engine.close().await.unwrap();
}
