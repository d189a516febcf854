//! Migration: folders of the former engine, of every format, and after a crash at every step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::{
    plaintext::with_reader,
    suite::{
        NOTES, append,
        folders::refused,
        open,
        restart::{NOON, at},
    },
};
use engine_log::{LogEngine, OpenError};
use journal::ServiceStorage;
use rusqlite::{Connection, params};
use std::{fs, path::Path};
use storage::Query;
use tempfile::TempDir;

/// Events of one append as they are in a row: one, without an origin, and since format 4 with one.
const FILLED: &[u8] = b"\x01\
    \x01\x90\xa6\x99\xe8\xb2\x76\x9b\x87\xa5\xa7\xc9\x44\xbe\x95\x2f\
    \x06\x00\x00\x00filled\
    \x40\x89\x55\x69\x00\x00\x00\x00\x07\x00\x00\x00\
    \x0d\x00\x00\x00{\"litres\":40}";
const FILLED_BY_OPERATOR: &[u8] = b"\x02\x08\x00operator\
    \x01\x90\xa6\x99\xe8\xb2\x76\x9b\x87\xa5\xa7\xc9\x44\xbe\x95\x30\
    \x06\x00\x00\x00filled\
    \x40\x89\x55\x69\x00\x00\x00\x00\x07\x00\x00\x00\
    \x0d\x00\x00\x00{\"litres\":41}";

/// Writes a database of the former engine: the services `tanks` and `pumps`, whose positions alternate.
fn write_former(file: &Path, format: i32) -> Connection {
    let database = Connection::open(file).expect("it is created");
    database
        .execute_batch(&format!(
            "PRAGMA journal_mode = wal; PRAGMA application_id = {}; PRAGMA user_version = {format};
             CREATE TABLE log (position INTEGER PRIMARY KEY, batch BLOB NOT NULL);",
            0x4943_4f4d
        ))
        .expect("it is created");
    for service in ["tanks", "pumps"] {
        let values = match format {
            1 | 2 => format!(
                "CREATE TABLE \"{service}/key_value\" (key TEXT PRIMARY KEY, value BLOB NOT NULL, \
                     expires_at INTEGER) WITHOUT ROWID;"
            ),
            _ => format!(
                "CREATE TABLE \"{service}/values\" (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, \
                     expires_at INTEGER);"
            ),
        };
        database
            .execute_batch(&format!(
                "CREATE TABLE \"{service}/journal\" (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, \
                     first_version INTEGER NOT NULL, count INTEGER NOT NULL, events BLOB NOT NULL);
                 CREATE UNIQUE INDEX \"{service}/journal/streams\" ON \"{service}/journal\" \
                     (stream, first_version);
                 CREATE TABLE \"{service}/snapshots\" (name TEXT PRIMARY KEY, position INTEGER NOT NULL, \
                     data BLOB NOT NULL);
                 {values}
                 CREATE TABLE \"{service}/documents/notes\" (key TEXT NOT NULL UNIQUE, body BLOB NOT NULL, \
                     \"field/colour\");
                 INSERT INTO \"{service}/documents/notes\" VALUES ('a', CAST('first' AS BLOB), 'red'), \
                     ('b', CAST('second' AS BLOB), NULL), ('c', CAST('third' AS BLOB), 'blue');
                 INSERT INTO \"{service}/snapshots\" VALUES ('levels', 3, CAST('state' AS BLOB));"
            ))
            .expect("it is created");
        let table = if format < 3 { "key_value" } else { "values" };
        let insert = format!("INSERT INTO \"{service}/{table}\" VALUES (?1, ?2, ?3)");
        let noon = NOON * 1_000_000;
        database.execute(&insert, params!["for good", b"1", None::<i64>]).expect("it is written");
        database.execute(&insert, params!["till noon", b"2", noon]).expect("it is written");
    }
    let later = if format < 4 { FILLED } else { FILLED_BY_OPERATOR };
    for (service, position, version, events) in
        [("tanks", 3, 1, FILLED), ("pumps", 5, 1, FILLED), ("tanks", 8, 2, later)]
    {
        let insert = format!("INSERT INTO \"{service}/journal\" VALUES (?1, 'tank-1', ?2, 1, ?3)");
        database.execute(&insert, params![position, version, events]).expect("it is written");
    }
    database
}

/// Folder of the former engine that was closed.
fn former_folder(format: i32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["icommerce.db", "bulk.db"] {
        write_former(&folder.path().join(name), format).close().unwrap();
    }
    let state = format!("{:<31}\n{:<31}\n", "bulk.db closed", "icommerce.db closed");
    fs::write(folder.path().join("icommerce.state"), state).unwrap();
    folder
}

/// Checks what [`write_former`] has written.
async fn check(storage: &ServiceStorage, positions: &[u64], format: i32) {
    let events = storage.journal.follow(0, 10).await.unwrap();
    let found: Vec<_> = events.iter().map(|event| event.position).collect();
    assert_eq!(found, positions);
    let first = &events[0];
    assert_eq!((first.name.as_str(), &first.data[..]), ("filled", &b"{\"litres\":40}"[..]));
    assert_eq!((first.version, &first.origin), (1, &None));
    assert_eq!(first.recorded_at.to_string(), "2025-12-31T20:36:16.000000007Z");
    if let Some(second) = events.get(1) {
        assert_eq!((second.version, second.origin.is_some()), (2, format == 4));
    }
    assert_eq!(storage.journal.read("tank-1", 0, 10).await.unwrap(), events);
    let snapshot = storage.journal.snapshot("levels").await.unwrap().unwrap();
    assert_eq!((snapshot.position, &snapshot.data[..]), (3, &b"state"[..]));
    let all = storage.documents.scan(&NOTES, None, 10).await.unwrap();
    let all: Vec<_> = all.iter().map(|note| (note.key.as_str(), &note.body[..])).collect();
    assert_eq!(all, [("a", &b"first"[..]), ("b", b"second"), ("c", b"third")]);
    let indexed = storage.documents.query(&NOTES, Query::all("by_colour", 10)).await.unwrap();
    let keys: Vec<_> = indexed.documents.iter().map(|note| note.key.as_str()).collect();
    assert_eq!(keys, ["c", "a"], "by colour, and only those that have one");
    let value = async |key: &str, second| storage.key_value.value(key, at(second)).await.unwrap();
    assert_eq!(value("for good", NOON).await.as_deref(), Some(&b"1"[..]));
    assert_eq!(value("till noon", NOON - 1).await.as_deref(), Some(&b"2"[..]));
    assert_eq!(value("till noon", NOON).await, None);
}

async fn check_folder(folder: &Path, format: i32) {
    for _ in 0..2 {
        let engine = open(folder);
        for (tanks, pumps) in [
            (engine.service("tanks"), engine.service("pumps")),
            (engine.bulk("tanks"), engine.bulk("pumps")),
        ] {
            check(&tanks, &[3, 8], format).await;
            check(&pumps, &[5], format).await;
        }
        engine.close().await.unwrap();
    }
    assert!(!folder.join("migration").exists());
}

#[tokio::test]
async fn a_folder_of_every_earlier_format_is_migrated_and_goes_on() {
    for format in 1..=4 {
        let folder = former_folder(format);
        let before = fs::read(folder.path().join("icommerce.db")).unwrap();
        assert!(LogEngine::has_filled(folder.path()));
        check_folder(folder.path(), format).await;
        if format == 4 {
            let kept = fs::read(folder.path().join("icommerce.db.former")).unwrap();
            assert!(kept == before, "the former database is kept as it was");
        }
        let engine = open(folder.path());
        let storage = engine.service("tanks");
        let appended = storage.journal.append(append("tank-1", 2)).await.unwrap();
        assert!(appended.position > 8 && appended.version == 3);
        let other = engine.service("pumps").journal.append(append("tank-1", 1)).await.unwrap();
        assert!(other.position > appended.position);
        assert_eq!(storage.key_value.sweep(at(NOON), 10).await.unwrap(), 1);
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_whose_process_was_killed_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let before = former_folder(4);
    // While a connection is open, the write-ahead log stays beside the database, as after a crash.
    let kept: Vec<Connection> = ["icommerce.db", "bulk.db"]
        .map(|name| {
            let database = Connection::open(before.path().join(name)).unwrap();
            database.execute("UPDATE \"tanks/values\" SET key = key", []).unwrap();
            database
        })
        .into();
    for entry in fs::read_dir(before.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    drop(kept);
    let state = format!("{:<31}\n{:<31}\n", "bulk.db in-use", "icommerce.db in-use");
    fs::write(folder.path().join("icommerce.state"), state).unwrap();
    assert!(folder.path().join("bulk.db-wal").metadata().unwrap().len() > 0);
    check_folder(folder.path(), 4).await;
    for name in ["icommerce.db.former", "bulk.db.former"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn what_only_the_log_of_a_former_database_has_is_migrated() {
    let folder = former_folder(4);
    let database = Connection::open(folder.path().join("icommerce.db")).unwrap();
    let text = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text].concat();
    let number = |number: u64| number.to_le_bytes().to_vec();
    let put = [&[1][..], &text(b"notes"), &text(b"a"), &text(b"newer")].concat();
    let put = [put, vec![1, 0, 0, 0], text(b"colour"), vec![2], text(b"green")].concat();
    let deleted = [&[2][..], &text(b"notes"), &text(b"b")].concat();
    let append = [&[1][..], &text(b"tanks"), &text(b"tank-2"), &number(1), &number(9)].concat();
    let append = [append, number(1), text(FILLED), vec![2, 0, 0, 0], put, deleted].concat();
    let removed = [&[3][..], &text(b"tanks"), &text(b"for good"), &[0]].concat();
    let stream = [&[6][..], &text(b"tanks"), &text(b"tank-1")].concat();
    for (position, operation) in [(9_i64, append), (10, removed), (11, stream)] {
        let batch = [vec![1], operation].concat();
        database.execute("INSERT INTO log VALUES (?1, ?2)", params![position, batch]).unwrap();
    }
    drop(database);
    let engine = open(folder.path());
    let storage = engine.service("tanks");
    let events = storage.journal.follow(0, 10).await.unwrap();
    let found: Vec<_> =
        events.iter().map(|event| (event.stream.as_str(), event.position)).collect();
    assert_eq!(found, [("tank-2", 9)]);
    let notes = storage.documents.scan(&NOTES, None, 10).await.unwrap();
    let notes: Vec<_> = notes.iter().map(|note| (note.key.as_str(), &note.body[..])).collect();
    assert_eq!(notes, [("a", &b"newer"[..]), ("c", b"third")]);
    assert_eq!(storage.key_value.value("for good", at(0)).await.unwrap(), None);
    check(&engine.service("pumps"), &[5], 4).await;
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_migration_that_was_broken_off_at_any_step_is_finished() {
    let migrated = former_folder(4);
    open(migrated.path()).close().await.unwrap();
    let segments = ["icommerce.000001.log", "bulk.000001.log"];
    let copy = |folder: &Path, name: &str, to: &str| {
        fs::copy(migrated.path().join(name), folder.join(to).join(name)).unwrap();
    };
    for step in 0..=6 {
        let folder = former_folder(4);
        let path = folder.path();
        fs::create_dir(path.join("migration")).unwrap();
        if step == 0 {
            // Not complete: what is there is worth nothing.
            fs::write(path.join("migration").join(segments[0]), "half").unwrap();
        } else {
            for (index, name) in segments.iter().enumerate() {
                copy(path, name, if step > 3 + index { "" } else { "migration" });
            }
            fs::write(path.join("migration/complete"), "").unwrap();
        }
        for (index, name) in ["icommerce.db", "bulk.db"].iter().enumerate() {
            if step > 1 + index {
                fs::rename(path.join(name), path.join(format!("{name}.former"))).unwrap();
            }
        }
        if step > 5 {
            fs::remove_file(path.join("icommerce.state")).unwrap();
        }
        assert!(LogEngine::has_filled(path));
        check_folder(path, 4).await;
    }
}

#[tokio::test]
async fn former_databases_go_once_the_folder_was_opened_and_has_no_plaintext() {
    let kept = ["icommerce.db.former", "bulk.db.former"];
    for is_migrated in [false, true] {
        let folder = former_folder(4);
        let path = folder.path();
        if is_migrated {
            open(path).close().await.unwrap();
            assert!(kept.iter().all(|name| path.join(name).exists()));
        }
        // A crash may leave some of them.
        for name in kept {
            let engine = LogEngine::open(path, with_reader()).unwrap();
            assert!(kept.iter().all(|name| !path.join(name).exists()));
            check(&engine.service("tanks"), &[3, 8], 4).await;
            check(&engine.bulk("pumps"), &[5], 4).await;
            engine.close().await.unwrap();
            fs::write(path.join(name), "left").unwrap();
        }
    }
}

#[tokio::test]
async fn bulk_data_of_the_former_engine_beside_a_log_is_migrated() {
    let (folder, former) = (tempfile::tempdir().unwrap(), former_folder(4));
    let engine = open(folder.path());
    let _ = engine.service("warehouse").journal.append(append("thing", 0)).await.unwrap();
    engine.close().await.unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("bulk.") {
            fs::remove_file(path).unwrap();
        }
    }
    let state = fs::read_to_string(folder.path().join("icommerce.state")).unwrap();
    let line = state.lines().find(|line| line.starts_with("icommerce")).unwrap();
    fs::write(folder.path().join("icommerce.state"), format!("{line}\n")).unwrap();
    fs::write(folder.path().join("bulk.state"), format!("{:<31}\n", "bulk.db closed")).unwrap();
    for _ in 0..2 {
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
        assert!(error.to_string().contains("bulk.db"), "{error}");
    }
    fs::copy(former.path().join("bulk.db"), folder.path().join("bulk.db")).unwrap();
    for _ in 0..2 {
        let engine = open(folder.path());
        check(&engine.bulk("pumps"), &[5], 4).await;
        let events = engine.service("warehouse").journal.read("thing", 0, 10).await.unwrap();
        assert_eq!(events.len(), 1);
        engine.close().await.unwrap();
    }
    assert!(!folder.path().join("bulk.state").exists());
}

#[test]
fn a_former_folder_that_lost_a_file_is_refused_and_left_unchanged() {
    for (lost, in_use) in [
        ("icommerce.db", false),
        ("bulk.db", false),
        ("icommerce.db-wal", true),
        ("bulk.db-wal", true),
    ] {
        let folder = former_folder(4);
        if in_use {
            let state = format!("{:<31}\n{:<31}\n", "bulk.db in-use", "icommerce.db in-use");
            fs::write(folder.path().join("icommerce.state"), state).unwrap();
            for name in ["icommerce.db-wal", "bulk.db-wal"].iter().filter(|name| **name != lost) {
                fs::write(folder.path().join(name), "").unwrap();
            }
        } else {
            fs::remove_file(folder.path().join(lost)).unwrap();
        }
        // As often as it is tried.
        for _ in 0..3 {
            let error = refused(folder.path());
            match error {
                OpenError::Missing { .. } => assert!(!in_use),
                OpenError::LogMissing { .. } => assert!(in_use),
                _ => panic!("{error:?}"),
            }
            assert!(error.to_string().contains(lost), "{error}");
            assert!(!folder.path().join(lost).exists(), "nothing takes its place");
            assert!(!folder.path().join("icommerce.000001.log").exists());
        }
        assert!(LogEngine::has_filled(folder.path()));
    }
    // Without a state bulk data alone is what a loss left.
    let folder = former_folder(4);
    for name in ["icommerce.db", "icommerce.state"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
}

#[test]
fn a_damaged_former_database_is_refused() {
    let folder = former_folder(4);
    let file = folder.path().join("icommerce.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[100..4_096].fill(0xee);
    fs::write(&file, &bytes).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(fs::read(&file).unwrap() == bytes, "not a byte has changed");

    // And one whose events are not what was written.
    let folder = former_folder(4);
    let database = Connection::open(folder.path().join("bulk.db")).unwrap();
    database.execute("UPDATE \"pumps/journal\" SET events = x'0102'", []).unwrap();
    drop(database);
    // A try that is broken off has taken in the write-ahead log of the services: it is not missed afterwards.
    for name in ["icommerce.db-wal", "bulk.db-wal"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let state = format!("{:<31}\n{:<31}\n", "bulk.db in-use", "icommerce.db in-use");
    fs::write(folder.path().join("icommerce.state"), state).unwrap();
    for _ in 0..3 {
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
        assert!(!folder.path().join("icommerce.000001.log").exists());
    }
}
