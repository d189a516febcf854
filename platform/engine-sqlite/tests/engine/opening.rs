//! Opening: what is refused, with which error, and that a refused folder is left unchanged.

use crate::suite::{append, folders::refused, open};
use engine_sqlite::OpenError;
use rusqlite::Connection;
use std::{collections::BTreeMap, fs, path::Path};

/// Database files with their write-ahead logs. Identifying a database creates an empty log, which does not count.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("the folder can be read").map(|entry| {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("the file can be read"))
    });
    files
        .filter(|(name, content)| {
            name.contains(".db") && !name.ends_with("-shm") && !content.is_empty()
        })
        .collect()
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_unchanged() {
    for unclean in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).close().await.unwrap();
        let database = Connection::open(folder.path().join("icommerce.db")).unwrap();
        database.execute_batch("PRAGMA user_version = 999; CREATE TABLE later (x)").unwrap();
        // While the other connection is open, its write-ahead log stays beside the file, as after a crash.
        let kept = unclean.then_some(database);
        let before = contents(folder.path());
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::NewerFormat { found: 999, known: 4, .. }), "{error:?}");
        assert!(contents(folder.path()) == before, "not a byte has changed");
        drop(kept);
    }
}

#[test]
fn a_foreign_file_is_refused_and_left_unchanged() {
    let text = |path: &Path| fs::write(path, "Lorem ipsum ".repeat(1_000)).unwrap();
    let foreign =
        |path: &Path| Connection::open(path).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    let writes: [&dyn Fn(&Path); 2] = [&text, &foreign];
    for (write, name) in
        writes.iter().flat_map(|write| ["icommerce.db", "bulk.db"].map(|name| (write, name)))
    {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(name));
        let before = fs::read(folder.path().join(name)).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(fs::read(folder.path().join(name)).unwrap() == before, "not a byte has changed");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let journal = engine.service("warehouse").journal;
    journal.append(append("thing-1", 0)).await.unwrap().commit.wait().await.unwrap();
    engine.close().await.unwrap();
    let file = folder.path().join("icommerce.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[100..4_096].fill(0xee);
    fs::write(&file, &bytes).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(fs::read(&file).unwrap() == bytes, "not a byte has changed");
}

#[tokio::test]
async fn an_interrupted_first_start_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("icommerce.db"), "").unwrap();
    let database = Connection::open(folder.path().join("bulk.db")).unwrap();
    database.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    drop(database);
    open(folder.path()).close().await.unwrap();
}

#[tokio::test]
async fn a_crash_during_the_first_start_is_rolled_back() {
    let (before, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let half = Connection::open(before.path().join("icommerce.db")).unwrap();
    // The tiny cache spills pages into the file before the commit; their former content is in the rollback journal.
    half.execute_batch(
        "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; VACUUM; BEGIN;
         CREATE TABLE one (text TEXT); INSERT INTO one VALUES (hex(zeroblob(100000)));
         CREATE TABLE two (text TEXT); INSERT INTO two VALUES (hex(zeroblob(100000)));",
    )
    .unwrap();
    for file in std::fs::read_dir(before.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    assert!(folder.path().join("icommerce.db-journal").metadata().unwrap().len() > 0);
    let engine = open(folder.path());
    let appended = engine.service("warehouse").journal.append(append("thing", 0)).await.unwrap();
    appended.commit.wait().await.unwrap();
    engine.close().await.unwrap();
}
