//! Recovery: what the engine makes again from the log, and what it remembers.

use crate::suite::{
    NOTES, append, note, open,
    restart::{at, check, fill},
};
use bytes::Bytes;
use engine_log::{LogEngine, LogOptions};
use std::{fs, path::Path};
use storage::Write;

#[tokio::test]
async fn an_index_that_is_missing_damaged_or_old_is_made_again_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    fill(&engine.service("warehouse")).await;
    engine.close().await.unwrap();
    let index = folder.path().join("icommerce.db");
    let old = fs::read(&index).unwrap();
    let engine = open(folder.path());
    fill(&engine.service("till")).await;
    let documents = engine.service("warehouse").documents;
    let removed = vec![note("9", "red"), Write::Delete { collection: &NOTES, key: "9".into() }];
    let _ = documents.write(removed).await.unwrap();
    engine.close().await.unwrap();

    let damaged = [&old[..100], &[0xee; 4096][..]].concat();
    for content in [None, Some(old), Some(damaged)] {
        match content {
            None => fs::remove_file(&index).unwrap(),
            Some(content) => fs::write(&index, content).unwrap(),
        }
        let engine = open(folder.path());
        for service in ["warehouse", "till"] {
            check(&engine.service(service)).await;
            let all = engine.service(service).documents.scan(&NOTES, None, 10).await.unwrap();
            let keys: Vec<_> = all.iter().map(|stored| stored.key.as_str()).collect();
            assert_eq!(keys, ["0", "1", "2"]);
        }
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn runs_that_are_missing_or_damaged_are_made_again_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions { segment_bytes_max: 1024, ..crate::engine::options() };
    let open = || LogEngine::open(folder.path(), options.clone()).unwrap();
    let engine = open();
    let storage = engine.service("warehouse");
    for version in 0..200 {
        let name = format!("thing-{}", version % 10);
        let _ = storage.journal.append(append(&name, version / 10)).await.unwrap();
        let _ = storage.key_value.add("hits", 1, at(0), None).await.unwrap();
    }
    engine.close().await.unwrap();
    let runs = || -> Vec<_> {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|it| it == "run")).collect()
    };
    assert!(runs().len() > 2 && runs().len() < 30, "{:?}", runs());
    let lose: [&dyn Fn(&Path); 4] = [
        &|_| {},
        &|run| fs::remove_file(run).unwrap(),
        &|run| fs::write(run, fs::read(run).unwrap().split_last().unwrap().1).unwrap(),
        &|run| {
            let mut bytes = fs::read(run).unwrap();
            let at = bytes.len() - 50;
            bytes[at] ^= 1;
            fs::write(run, bytes).unwrap();
        },
    ];
    for lose in lose {
        for run in runs() {
            lose(&run);
        }
        let engine = open();
        let storage = engine.service("warehouse");
        assert_eq!(storage.journal.follow(0, 1_000).await.unwrap().len(), 200);
        for number in 0..10 {
            let events = storage.journal.read(&format!("thing-{number}"), 0, 100).await.unwrap();
            let versions: Vec<_> = events.iter().map(|event| event.version).collect();
            assert_eq!(versions, (1..=20).collect::<Vec<_>>());
        }
        let hits = storage.key_value.value("hits", at(0)).await.unwrap();
        assert_eq!(hits.as_deref(), Some(&b"200"[..]));
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_sweep_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let values = engine.service("warehouse").key_value;
    let _ = values.put("old", Bytes::from_static(b"1"), Some(at(10))).await.unwrap();
    let _ = values.put("later", Bytes::from_static(b"2"), Some(at(20))).await.unwrap();
    assert_eq!(values.sweep(at(10), 10).await.unwrap(), 1);
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let values = engine.service("warehouse").key_value;
    assert_eq!(values.value("old", at(0)).await.unwrap(), None, "deleted, not merely hidden");
    assert!(values.value("later", at(0)).await.unwrap().is_some());
    assert_eq!(values.sweep(at(10), 10).await.unwrap(), 0);
    assert_eq!(values.sweep(at(20), 10).await.unwrap(), 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_deleted_stream_stays_deleted_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let journal = engine.service("till").journal;
    for (stream, version) in [("a", 0), ("b", 0), ("a", 1), ("b", 1)] {
        let appended = journal.append(append(stream, version)).await.unwrap();
        appended.commit.wait().await.unwrap();
    }
    let last = journal.last_position().await.unwrap();
    journal.delete_stream("a", 2).await.unwrap().wait().await.unwrap();
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let journal = engine.service("till").journal;
    assert!(journal.read("a", 0, 10).await.unwrap().is_empty());
    let followed = journal.follow(0, 10).await.unwrap();
    assert!(followed.iter().all(|event| event.stream == "b") && followed.len() == 2);
    // Positions go on where they were.
    let next = journal.append(append("a", 0)).await.unwrap();
    assert!(next.position > last.max(followed[1].position));
    assert_eq!(next.version, 1);
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let journal = engine.service("till").journal;
    assert_eq!(journal.read("a", 0, 10).await.unwrap().len(), 1);
    assert_eq!(journal.follow(0, 10).await.unwrap().len(), 3);
    engine.close().await.unwrap();
}
