//! Opening: what is refused, with which error, and that a refused folder is left unchanged.

use crate::suite::{append, folders::refused, open};
use engine_log::OpenError;
use rusqlite::Connection;
use std::{collections::BTreeMap, fs, path::Path};

/// Files with data. Identifying a database creates an empty write-ahead log, which does not count.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("the folder can be read").map(|entry| {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("the file can be read"))
    });
    files
        .filter(|(name, content)| {
            let is_data = name.contains(".db") || name.contains(".log");
            is_data && !name.ends_with("-shm") && !content.is_empty()
        })
        .collect()
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_unchanged() {
    let newer_log = |folder: &Path| {
        let file = folder.join("icommerce.000001.log");
        let mut bytes = fs::read(&file).unwrap();
        bytes[8] = 9;
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        fs::write(file, bytes).unwrap();
    };
    let newer_index = |folder: &Path| {
        let database = Connection::open(folder.join("icommerce.db")).unwrap();
        database.execute_batch("PRAGMA user_version = 9; CREATE TABLE later (x)").unwrap();
    };
    let changes: [&dyn Fn(&Path); 2] = [&newer_log, &newer_index];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).close().await.unwrap();
        change(folder.path());
        let before = contents(folder.path());
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::NewerFormat { found: 9, .. }), "{error:?}");
        assert!(contents(folder.path()) == before, "not a byte has changed");
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
async fn an_interrupted_first_start_is_repeated() {
    for content in [0, 100, 1024 * 1024] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("icommerce.000001.log"), vec![0; content]).unwrap();
        fs::write(folder.path().join("bulk.000001.log"), "").unwrap();
        let engine = open(folder.path());
        let journal = engine.service("warehouse").journal;
        journal.append(append("thing", 0)).await.unwrap().commit.wait().await.unwrap();
        engine.close().await.unwrap();
        let engine = open(folder.path());
        let events = engine.service("warehouse").journal.read("thing", 0, 10).await.unwrap();
        assert_eq!(events.len(), 1);
        engine.close().await.unwrap();
    }
}
