//! Compaction: what is dead gives back its bytes, and nothing else changes, whatever happens meanwhile.

use crate::{
    engine::options,
    model::{Model, at, check, step},
    suite::{NOTES, append, append_of, note},
};
use bytes::Bytes;
use engine_log::{FileSystem, LogEngine, LogOptions, OpenError};
use journal::{ServiceStorage, Snapshot};
use rand::{SeedableRng, rngs::StdRng};
use simulated_disk::{Behaviour, SimulatedDisk};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use storage::{StorageError, Write};
use tokio::{task::JoinSet, time::Instant};

const SEGMENT_BYTES: u32 = 2_000;
const HEADER_BYTES: u64 = 64;
const TIMEOUT: Duration = Duration::from_mins(1);

fn small() -> LogOptions {
    LogOptions { segment_bytes_max: SEGMENT_BYTES, recent_bytes_max: 4_000, ..options() }
}

fn open_on(folder: &Path, disk: &SimulatedDisk) -> Result<LogEngine, OpenError> {
    let disk: Arc<dyn FileSystem> = Arc::new(disk.clone());
    LogEngine::open_on(folder, &disk, small())
}

/// Names and sizes of the segments, in order.
fn segments(disk: &dyn FileSystem) -> Vec<(String, u64)> {
    let names = disk.names().expect("it answers").into_iter();
    let mut names: Vec<_> =
        names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "log")).collect();
    names.sort();
    let bytes = |name: &String| disk.open(name).and_then(|file| file.bytes());
    names.into_iter().map(|name| (name.clone(), bytes(&name).expect("it is there"))).collect()
}

/// Those before the segment in use, whose number is noted when the log is opened.
fn full(disk: &SimulatedDisk) -> Vec<(String, u64)> {
    let state = String::from_utf8(disk.content("icommerce.state")).expect("it is text");
    let last: usize =
        state.split_whitespace().nth(1).expect("it has a log").parse().expect("it is a number");
    segments(disk).into_iter().take(last - 1).collect()
}

/// Log with much that is dead, closed; and what it has.
async fn filled(seed: u64, steps: i64) -> (SimulatedDisk, Model) {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk).expect("the folder is new");
    let storage = engine.service("warehouse");
    let (mut random, mut model) = (StdRng::seed_from_u64(seed), Model::default());
    for now in 0..steps {
        step(&storage, &mut model, &mut random, now).await;
    }
    engine.close().await.expect("nothing fails");
    (disk, model)
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_compaction_leaves_everything() {
    let mut compacted = 0;
    for seed in 0..3 {
        let (disk, model) = filled(seed, 400).await;
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &disk).unwrap();
        disk.record_crashes();
        let outcome = engine.compact().await.unwrap();
        let crashes = disk.take_crashes();
        compacted += outcome.bytes_before - outcome.bytes_after;
        check(&engine.service("warehouse"), &model).await;
        engine.close().await.unwrap();
        for crashed in crashes {
            let folder = crate::fast_folder();
            let engine = open_on(folder.path(), &crashed).unwrap();
            check(&engine.service("warehouse"), &model).await;
            assert!(!crashed.names().unwrap().iter().any(|name| name.ends_with("compacting")));
            engine.compact().await.unwrap();
            check(&engine.service("warehouse"), &model).await;
            engine.close().await.unwrap();
        }
    }
    assert!(compacted > 10_000, "{compacted}");
}

/// Answers of a log of one stream with a value and a document: all of them, or the first error.
async fn answers(engine: &LogEngine) -> Result<(usize, usize, Option<Bytes>), StorageError> {
    let storage = engine.service("warehouse");
    let read = storage.journal.read("kept", 0, 100).await?;
    let followed = storage.journal.follow(0, 100).await?;
    let followed = followed.iter().filter(|event| event.stream == "kept").count();
    Ok((read.len(), followed, storage.key_value.value("kept", at(0)).await?))
}

#[tokio::test]
async fn every_flipped_byte_and_every_torn_length_of_a_compacted_segment_is_found() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk).unwrap();
    let storage = engine.service("warehouse");
    let value = Bytes::from_static(b"value");
    let _ = storage.key_value.put("kept", value.clone(), None).await.unwrap();
    for version in 0..24 {
        let _ = storage.key_value.put("replaced", vec![b'x'; 100].into(), None).await.unwrap();
        let mut request = append("kept", version);
        request.writes = vec![note("last", &version.to_string())];
        storage.journal.append(request).await.unwrap();
    }
    engine.compact().await.unwrap();
    let whole = (24, 24, Some(value));
    assert_eq!(answers(&engine).await.unwrap(), whole);
    engine.close().await.unwrap();
    let name = "icommerce.000001.log";
    let bytes = disk.content(name);
    assert_eq!((bytes[8], bytes.len() < 2_000), (2, true), "it is compacted");

    let mut harmless = 0;
    let flipped = (0..bytes.len()).map(|at| {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        flipped
    });
    let torn = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let extended = [1, 4, 8, 516].map(|more| [&bytes[..], &vec![0; more]].concat());
    for changed in flipped.chain(torn).chain(extended) {
        let damaged = disk.after_kill();
        damaged.put(name, changed.clone());
        let folder = crate::fast_folder();
        match open_on(folder.path(), &damaged) {
            Err(OpenError::Damaged { .. }) => {}
            Err(error) => panic!("{error:?}"),
            Ok(engine) => {
                // Between frames nothing is stored.
                let is_padding = changed.len() == bytes.len()
                    && bytes.iter().zip(&changed).all(|(was, is)| was == is || *was == 0);
                assert!(is_padding, "nobody noticed");
                assert_eq!(answers(&engine).await.unwrap(), whole);
                harmless += 1;
                engine.close().await.unwrap();
            }
        }
    }
    assert!(harmless < 4 * 24, "{harmless}");
}

/// The index of documents is there, so that a start does not read the segment: whoever reads it finds the damage.
#[tokio::test]
async fn damage_that_a_start_does_not_see_is_reported_by_reads_and_never_served() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk).unwrap();
    let storage = engine.service("warehouse");
    let value = Bytes::from_static(b"value");
    for version in 0..24 {
        let _ = storage.key_value.put("replaced", vec![b'x'; 100].into(), None).await.unwrap();
        storage.journal.append(append("kept", version)).await.unwrap();
    }
    let _ = storage.key_value.put("kept", value.clone(), None).await.unwrap();
    engine.compact().await.unwrap();
    engine.close().await.unwrap();
    let name = "icommerce.000001.log";
    let bytes = disk.content(name);
    let (mut found, mut right) = (0, 0);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let damaged = disk.after_kill();
        damaged.put(name, flipped);
        let engine = open_on(folder.path(), &damaged).unwrap();
        match answers(&engine).await {
            Err(StorageError::Corrupt(_)) => found += 1,
            answers => {
                assert_eq!(answers.unwrap(), (24, 24, Some(value.clone())), "{at}");
                right += 1;
            }
        }
        let outcome = engine.compact().await;
        assert!(matches!(outcome, Ok(_) | Err(StorageError::Corrupt(_))), "{outcome:?}");
        engine.close().await.unwrap();
    }
    assert!(found > bytes.len() / 2 && right < bytes.len() / 4, "{found} {right}");
}

#[tokio::test]
async fn a_full_or_failing_disk_during_a_compaction_loses_nothing() {
    for behaviour in [Behaviour::Full, Behaviour::Failing] {
        let (disk, model) = filled(5, 400).await;
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &disk).unwrap();
        let before = full(&disk);
        disk.behave(behaviour);
        let refused = engine.compact().await;
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
        check(&engine.service("warehouse"), &model).await;
        disk.behave(Behaviour::Honest);
        assert_eq!(full(&disk), before);
        assert!(!disk.names().unwrap().contains(&"icommerce.compacting".to_owned()));
        let outcome = engine.compact().await.unwrap();
        assert!(outcome.bytes_after < outcome.bytes_before, "{outcome:?}");
        check(&engine.service("warehouse"), &model).await;
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn without_room_beyond_the_reserve_a_compaction_waits() {
    let (disk, model) = filled(6, 400).await;
    let folder = crate::fast_folder();
    let options = LogOptions { disk_reserve_bytes: u64::MAX, ..small() };
    let shared: Arc<dyn FileSystem> = Arc::new(disk.clone());
    let engine = LogEngine::open_on(folder.path(), &shared, options).unwrap();
    let before = full(&disk);
    let outcome = engine.compact().await.unwrap();
    assert_eq!(outcome.bytes_before, outcome.bytes_after);
    assert_eq!(full(&disk), before);
    check(&engine.service("warehouse"), &model).await;
    engine.close().await.unwrap();
}

/// Writes of every kind that are all dead at the end, but for one event and the last sweep.
async fn write_and_delete(storage: &ServiceStorage, now: i64) {
    let (journal, values, documents) = (&storage.journal, &storage.key_value, &storage.documents);
    for number in 0..20 {
        let name = format!("thing-{number}");
        let mut request = append(&name, 0);
        request.writes = vec![note(&name, "red")];
        journal.append(request).await.expect("it answers");
        journal.append(append(&name, 1)).await.expect("it answers");
        let _ = values.put(&name, name.clone().into(), None).await.expect("it answers");
        let _ = values.put(&name, name.clone().into(), Some(at(now))).await.expect("it answers");
        let _ =
            values.put(&format!("removed {number}"), Bytes::new(), None).await.expect("it answers");
    }
    let last = journal.last_position().await.expect("it answers");
    journal
        .append(append("last", now.unsigned_abs()))
        .await
        .expect("it answers")
        .commit
        .wait()
        .await
        .expect("it answers");
    assert!(journal.last_position().await.expect("it answers") > last);
    for number in 0..20 {
        let name = format!("thing-{number}");
        let _ = journal.delete_stream(&name, 2).await.expect("it answers");
        let _ = values.remove(&format!("removed {number}")).await.expect("it answers");
        let deleted = vec![Write::Delete { collection: &NOTES, key: name.clone() }];
        let _ = documents.write(deleted).await.expect("it answers");
        let snapshot = Snapshot { position: last, data: Bytes::from(name) };
        let _ = journal.save_snapshot("levels", snapshot).await.expect("it answers");
    }
    assert_eq!(values.sweep(at(now), 100).await.expect("it answers"), 20);
}

#[tokio::test]
async fn a_log_gives_back_everything_that_is_dead_and_what_only_hides_it() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    for round in 0..3 {
        let engine = open_on(folder.path(), &disk).unwrap();
        let storage = engine.service("warehouse");
        write_and_delete(&storage, round).await;
        engine.compact().await.unwrap();
        for number in 0..20 {
            let name = format!("thing-{number}");
            assert!(storage.journal.read(&name, 0, 10).await.unwrap().is_empty());
            assert_eq!(storage.key_value.value(&name, at(-1)).await.unwrap(), None);
            assert_eq!(storage.documents.find(&NOTES, &name).await.unwrap(), None);
        }
        let events = storage.journal.follow(0, 1_000).await.unwrap();
        assert_eq!(events.len() as u64, round.unsigned_abs() + 1);
        engine.close().await.unwrap();
    }
    // Three events, a snapshot and a sweep are alive; the segment in use and the next are as they were.
    let all = segments(&disk);
    let full: u64 = all.iter().map(|(_, bytes)| bytes).filter(|it| **it != 2_000).sum();
    let count = all.iter().filter(|(_, bytes)| *bytes == HEADER_BYTES).count();
    assert!(all.len() > 12 && count + 8 > all.len(), "{all:?}");
    assert!(full < all.len() as u64 * HEADER_BYTES + 5 * 300, "{all:?}");
}

/// Rounds of a shop whose carts expire: what is alive stays small.
#[tokio::test]
async fn the_log_of_a_shop_that_forgets_stays_small_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let segment_bytes_max = 16 * 1024;
    let options = LogOptions { segment_bytes_max, recent_bytes_max: 4_000, ..options() };
    let engine = LogEngine::open(folder.path(), options.clone()).unwrap();
    let storage = engine.service("warehouse");
    let bytes = |extension: &str| -> u64 {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let sizes = files
            .filter(|file| file.path().extension().is_some_and(|it| it == extension))
            .filter_map(|file| file.metadata().ok());
        sizes.map(|metadata| metadata.len()).sum()
    };
    let data = Bytes::from(vec![b'x'; 300]);
    let mut written = 0;
    for round in 0..150_i64 {
        for number in 0..30 {
            let (cart, answer) = (format!("cart-{round}-{number}"), format!("{round} {number}"));
            storage.journal.append(append_of(&cart, 0, &data)).await.unwrap();
            let _ = storage.key_value.put(&answer, data.clone(), Some(at(round))).await.unwrap();
            let stock = vec![note(&format!("stock-{number}"), &round.to_string())];
            let _ = storage.documents.write(stock).await.unwrap();
            written += 2 * 300;
        }
        let kept = append("order", round.unsigned_abs());
        storage.journal.append(kept).await.unwrap().commit.wait().await.unwrap();
        for number in 0..30 {
            let _ = storage.journal.delete_stream(&format!("cart-{round}-{number}"), 1).await;
        }
        storage.key_value.sweep(at(round), 1_000).await.unwrap();
        let started = Instant::now();
        // Some of what is alive in a round (2 segments), what died since the last look, the segment in use, the next, and one that is
        // written again; and for each round an order, and the headers of two segments.
        let limit = 24 * u64::from(segment_bytes_max) + 500 * round.unsigned_abs();
        while bytes("log") > limit {
            assert!(started.elapsed() < TIMEOUT, "round {round}: {} of {limit}", bytes("log"));
            tokio::task::yield_now().await;
        }
    }
    assert!(written > 5 * bytes("log"), "{written} {}", bytes("log"));
    assert!(written > 4 * bytes("run"), "{written} {}", bytes("run"));
    engine.close().await.unwrap();
    let engine = LogEngine::open(folder.path(), options).unwrap();
    let storage = engine.service("warehouse");
    assert_eq!(storage.journal.follow(0, 1_000).await.unwrap().len(), 150);
    assert_eq!(storage.documents.scan(&NOTES, None, 100).await.unwrap().len(), 30);
    engine.close().await.unwrap();
}

/// Reads everything that stays, again and again, until the writers are done.
async fn read_on(storage: ServiceStorage, is_done: Arc<AtomicBool>) -> u64 {
    let (mut after, mut kept, mut rounds) = (0, 0, 0);
    loop {
        let was_done = is_done.load(Relaxed);
        let page = storage.journal.follow(after, 50).await.expect("it answers");
        let is_end = page.is_empty();
        for event in page {
            assert!(event.position > after);
            after = event.position;
            if event.stream == "kept" {
                kept += 1;
                assert_eq!(event.version, kept, "no event is skipped");
            }
        }
        let events = storage.journal.read("kept", 0, 1_000).await.expect("it answers");
        assert!((1..).zip(&events).all(|(version, event)| event.version == version));
        assert!(events.len() as u64 >= kept);
        // A cart has both of its events, or it is gone.
        let cart = storage.journal.read("cart", 0, 10).await.expect("it answers").len();
        assert!(cart <= 2, "{cart}");
        let value =
            storage.key_value.value("kept", at(0)).await.expect("it answers").expect("it is kept");
        let counter: u64 =
            std::str::from_utf8(&value).expect("it answers").parse().expect("it answers");
        assert!(counter >= rounds.min(1));
        rounds += 1;
        if was_done && is_end {
            return kept;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_and_followers_see_the_same_during_compactions() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions { segment_bytes_max: 1_000, recent_bytes_max: 0, ..options() };
    let engine = LogEngine::open(folder.path(), options).unwrap();
    let storage = engine.service("warehouse");
    storage.key_value.add("kept", 1, at(0), None).await.unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let (mut readers, mut compactors) = (JoinSet::new(), JoinSet::new());
    for _ in 0..3 {
        readers.spawn(read_on(engine.service("warehouse"), Arc::clone(&is_done)));
    }
    let (compacted, is_stopped) = (engine.clone(), Arc::clone(&is_done));
    compactors.spawn(async move {
        let mut saved = 0;
        while !is_stopped.load(Relaxed) {
            let outcome = compacted.compact().await.unwrap();
            saved += outcome.bytes_before - outcome.bytes_after;
        }
        saved
    });
    for version in 0..300 {
        storage.journal.append(append("cart", 0)).await.unwrap();
        storage.journal.append(append("cart", 1)).await.unwrap();
        let kept = storage.journal.append(append("kept", version)).await.unwrap();
        storage.key_value.add("kept", 1, at(0), None).await.unwrap();
        if version % 3 == 0 {
            kept.commit.wait().await.unwrap();
        }
        let _ = storage.journal.delete_stream("cart", 2).await.unwrap();
    }
    storage.key_value.remove("none").await.unwrap().wait().await.unwrap();
    is_done.store(true, Relaxed);
    assert_eq!(readers.join_all().await, [300; 3]);
    assert!(compactors.join_all().await[0] > 0);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_deleted_document_does_not_come_back_with_an_index_that_lost_its_last_commits() {
    let (folder, after_power_failure) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = async |engine: &LogEngine, writes: &dyn Fn(&str) -> Write| {
        let documents = engine.service("warehouse").documents;
        for number in 0..100 {
            let _ = documents.write(vec![writes(&number.to_string())]).await.unwrap();
        }
    };
    let engine = LogEngine::open(folder.path(), small()).unwrap();
    write(&engine, &|key| note(key, "red")).await;
    // Closing it flushes the index, which has the documents now.
    engine.close().await.unwrap();

    let engine = LogEngine::open(folder.path(), small()).unwrap();
    write(&engine, &|key| Write::Delete { collection: &NOTES, key: key.to_owned() }).await;
    let journal = engine.service("warehouse").journal;
    for version in 0..20 {
        let _ = journal.append(append("thing", version)).await.unwrap();
    }
    let compaction = engine.compact().await.unwrap();
    assert!(compaction.bytes_after < compaction.bytes_before / 2, "{compaction:?}");
    // Of the log everything was flushed, and of the index what is not in its write-ahead log alone.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["-wal", "-shm", ".lock"].iter().any(|lost| name.ends_with(lost)) {
            std::fs::copy(&path, after_power_failure.path().join(name)).unwrap();
        }
    }
    engine.close().await.unwrap();
    let engine = LogEngine::open(after_power_failure.path(), small()).unwrap();
    let notes = engine.service("warehouse").documents.scan(&NOTES, None, 1_000).await.unwrap();
    assert_eq!(notes, []);
    engine.close().await.unwrap();
}
