//! Model-based test: whatever is asked, the engine answers as plain maps, with everything in memory and with nearly nothing,
//! compacted at any moment, and with its indexes made again from what is left of the log.

use crate::{
    engine::options,
    suite::{NOTES, append, note},
};
use bytes::Bytes;
use engine_log::{FileSystem, LogEngine, LogOptions};
use journal::{AppendError, DeleteError, ServiceStorage, Snapshot};
use kernel::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use simulated_disk::SimulatedDisk;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};
use storage::{Query, Write};

/// Plain maps that answer as the engine must.
#[derive(Default)]
pub(crate) struct Model {
    /// Ids of the events of each stream.
    streams: BTreeMap<String, Vec<kernel::Uuid>>,
    /// Streams and versions in the order of the log.
    order: Vec<(String, u64)>,
    values: BTreeMap<String, (String, Option<i64>)>,
    snapshots: BTreeMap<String, u64>,
    /// Colours of the documents.
    notes: BTreeMap<String, String>,
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("it is within range")
}

/// Writes to some documents, each once.
fn writes(model: &mut Model, random: &mut StdRng) -> Vec<Write> {
    let mut writes = BTreeMap::new();
    for _ in 0..random.random_range(0..4) {
        let key = format!("note-{}", random.random_range(0..12));
        let colour = ["red", "green", "blue"][random.random_range(0..3)];
        let write = if random.random_bool(0.6) {
            model.notes.insert(key.clone(), colour.to_owned());
            note(&key, colour)
        } else {
            model.notes.remove(&key);
            Write::Delete { collection: &NOTES, key: key.clone() }
        };
        writes.insert(key, write);
    }
    writes.into_values().collect()
}

/// Does something, and compares the answer.
pub(crate) async fn step(
    storage: &ServiceStorage,
    model: &mut Model,
    random: &mut StdRng,
    now: i64,
) {
    let journal = &storage.journal;
    let name = format!("thing-{}", random.random_range(0..40_u32).pow(2) / 40);
    match random.random_range(0..22) {
        0..8 => {
            let writes = if random.random_bool(0.3) { writes(model, random) } else { Vec::new() };
            let events = model.streams.entry(name.clone()).or_default();
            let request = journal::Append { writes, ..append(&name, events.len() as u64) };
            events.push(request.events[0].id);
            model.order.push((name, events.len() as u64));
            let appended = journal.append(request).await.expect("it is taken");
            assert_eq!(appended.version, events.len() as u64);
        }
        8 => {
            let actual = model.streams.get(&name).map_or(0, Vec::len) as u64;
            let refused = journal.append(append(&name, actual + 1)).await;
            assert!(matches!(refused, Err(AppendError::Conflict { actual: it }) if it == actual));
        }
        9 => {
            let version = model.streams.get(&name).map_or(0, Vec::len) as u64;
            match journal.delete_stream(&name, version).await {
                Ok(_) => {
                    model.streams.remove(&name);
                    model.order.retain(|(stream, _)| *stream != name);
                }
                Err(DeleteError::LastEvent) => {
                    assert_eq!(model.order.last().map(|(stream, _)| stream), Some(&name));
                }
                Err(error) => panic!("{error}"),
            }
        }
        10..17 => step_values(storage, model, random, now, name).await,
        17 => {
            let data = Bytes::from(now.to_string());
            let snapshot = Snapshot { position: now.unsigned_abs(), data };
            let _ = journal.save_snapshot(&name, snapshot).await.expect("it is taken");
            model.snapshots.insert(name, now.unsigned_abs());
        }
        18..20 => {
            let _ = storage.documents.write(writes(model, random)).await.expect("it is taken");
        }
        _ => {
            let after = random.random_range(0..4);
            let limit = random.random_range(1..5);
            let events = journal.read(&name, after, limit).await.expect("it answers");
            let expected = model.streams.get(&name).map_or(&[][..], Vec::as_slice);
            let expected = expected.iter().skip(usize::try_from(after).unwrap_or(0)).take(limit);
            assert!(events.iter().map(|event| &event.id).eq(expected), "{name} {after} {limit}");
        }
    }
}

async fn step_values(
    storage: &ServiceStorage,
    model: &mut Model,
    random: &mut StdRng,
    now: i64,
    name: String,
) {
    let values = &storage.key_value;
    match random.random_range(10..17) {
        10..13 => {
            let text = random.random::<u32>().to_string();
            let expires = random.random_bool(0.5).then(|| now + random.random_range(1..40));
            let _ =
                values.put(&name, text.clone().into(), expires.map(at)).await.expect("it is taken");
            model.values.insert(name, (text, expires));
        }
        13 => {
            let _ = values.remove(&name).await.expect("it is taken");
            model.values.remove(&name);
        }
        14..16 => {
            let live =
                model.values.get(&name).filter(|(_, expires)| expires.is_none_or(|at| at > now));
            let old: i64 = live.map_or(0, |(text, _)| text.parse().expect("it is a number"));
            let expires = live.map_or(Some(now + 9), |(_, expires)| *expires);
            assert_eq!(
                values.add(&name, 3, at(now), Some(at(now + 9))).await.expect("it answers"),
                old + 3
            );
            model.values.insert(name, ((old + 3).to_string(), expires));
        }
        _ => {
            let limit = random.random_range(1..6);
            let swept = values.sweep(at(now), limit).await.expect("it answers");
            let mut expired: Vec<_> = model
                .values
                .iter()
                .filter_map(|(key, (_, expires))| Some(((*expires)?, key.clone())))
                .filter(|(at, _)| *at <= now)
                .collect();
            assert_eq!(swept, expired.len().min(limit));
            // Which of those that expire at one moment go first is open.
            expired.sort();
            for (_, key) in expired {
                if values.value(&key, at(0)).await.expect("it answers").is_none() {
                    model.values.remove(&key);
                }
            }
        }
    }
}

/// Compares everything.
pub(crate) async fn check(storage: &ServiceStorage, model: &Model) {
    let mut order = Vec::new();
    let mut after = 0;
    loop {
        let page = storage.journal.follow(after, 40).await.expect("it answers");
        let Some(last) = page.last() else { break };
        after = last.position;
        order.extend(page.into_iter().map(|event| (event.stream, event.version)));
    }
    assert_eq!(order, model.order);
    for number in 0..40 {
        let name = format!("thing-{number}");
        let events = storage.journal.read(&name, 0, 1_000).await.expect("it answers");
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        assert_eq!(ids, model.streams.get(&name).cloned().unwrap_or_default(), "{name}");
        let value = storage.key_value.value(&name, at(0)).await.expect("it answers");
        let value = value.map(|value| String::from_utf8(value.to_vec()).expect("it is text"));
        assert_eq!(value, model.values.get(&name).map(|(text, _)| text.clone()), "{name}");
        let snapshot = storage.journal.snapshot(&name).await.expect("it answers");
        assert_eq!(snapshot.map(|it| it.position), model.snapshots.get(&name).copied());
    }
    check_notes(storage, model).await;
}

async fn check_notes(storage: &ServiceStorage, model: &Model) {
    let documents = &storage.documents;
    let text = |body: &Bytes| String::from_utf8(body.to_vec()).expect("it is text");
    let all = documents.scan(&NOTES, None, 100).await.expect("it answers");
    let all: BTreeMap<_, _> = all.iter().map(|it| (it.key.clone(), text(&it.body))).collect();
    assert_eq!(all, model.notes);
    let page = documents.query(&NOTES, Query::all("by_colour", 100)).await.expect("it answers");
    let mut keys: Vec<_> = page.documents.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    assert!(keys.into_iter().eq(model.notes.keys()));
    for number in 0..12 {
        let key = format!("note-{number}");
        let found = documents.find(&NOTES, &key).await.expect("it answers");
        assert_eq!(found.map(|it| text(&it.body)), model.notes.get(&key).cloned());
    }
}

/// Removes some of what can be made again from the log: runs, and the index of documents.
fn lose_indexes(folder: &Path, disk: &SimulatedDisk, random: &mut StdRng) {
    for name in disk.names().expect("it answers") {
        let is_run = Path::new(&name).extension().is_some_and(|it| it == "run");
        if is_run && random.random_bool(0.3) {
            disk.remove(&name).expect("it is there");
        }
    }
    if random.random_bool(0.5) {
        fs::remove_file(folder.join("icommerce.db")).expect("it is there");
    }
}

#[tokio::test]
async fn the_engine_answers_as_plain_maps() {
    for seed in 0..12 {
        let (folder, simulated) = (crate::fast_folder(), SimulatedDisk::default());
        let disk = Arc::new(simulated.clone()) as Arc<dyn FileSystem>;
        // All in memory, or hardly anything.
        let (segment_bytes_max, recent_bytes_max) =
            [(700, 0), (100_000, 2_000), (1_500, 100_000)][seed % 3];
        let small = LogOptions { segment_bytes_max, recent_bytes_max, ..options() };
        let mut random = StdRng::seed_from_u64(seed as u64);
        let mut model = Model::default();
        for round in 0..6 {
            let engine = LogEngine::open_on(folder.path(), &disk, small.clone()).unwrap();
            // A compaction may be the first that asks for the service.
            if random.random_bool(0.5) {
                engine.compact().await.unwrap();
            }
            let storage = engine.service("warehouse");
            check(&storage, &model).await;
            for number in 0..120 {
                step(&storage, &mut model, &mut random, 120 * round + number).await;
                // A second service with the same names has no part in it.
                let _ =
                    engine.service("till").key_value.add("thing-1", 1, at(0), None).await.unwrap();
                let flushed = storage.key_value.remove("nothing").await.unwrap();
                if random.random_bool(0.2) {
                    flushed.wait().await.unwrap();
                }
                if random.random_bool(0.03) {
                    engine.compact().await.unwrap();
                    check_notes(&storage, &model).await;
                }
            }
            storage.key_value.remove("nothing").await.unwrap().wait().await.unwrap();
            check(&storage, &model).await;
            let hits = engine.service("till").key_value.value("thing-1", at(0)).await.unwrap();
            let expected = (120 * (round + 1)).to_string();
            assert_eq!(hits.as_deref(), Some(expected.as_bytes()));
            engine.compact().await.unwrap();
            check(&storage, &model).await;
            engine.close().await.unwrap();
            lose_indexes(folder.path(), &simulated, &mut random);
        }
    }
}
