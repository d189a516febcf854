//! Recovery: what the engine makes of a log that is ahead of the tables, and of folders of earlier formats.

use crate::suite::{
    NOTES, append, note, open,
    restart::{NOON, at, check, fill},
};
use bytes::Bytes;
use journal::{Append, durability};
use kernel::{Edge, Origin};
use rusqlite::Connection;
use std::fs;
use storage::{CommitError, Write};

#[tokio::test]
async fn recovery_applies_writes_that_only_the_log_has() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    storage.key_value.remove("nothing").await.unwrap().wait().await.unwrap();
    // While one table is missing, no part of the backlog can be applied.
    let tool = Connection::open(folder.path().join("icommerce.db")).unwrap();
    tool.execute_batch("ALTER TABLE \"warehouse/snapshots\" RENAME TO renamed").unwrap();
    let ((), dependencies) = durability::scope(async {
        fill(&storage).await;
        let deleted = vec![note("9", "red"), Write::Delete { collection: &NOTES, key: "9".into() }];
        let _ = storage.documents.write(deleted).await.expect("it is accepted");
        let _ = storage.key_value.put("removed", Bytes::new(), None).await.expect("it is accepted");
        let _ = storage.key_value.remove("removed").await.expect("it is accepted");
    })
    .await;
    dependencies.wait().await.expect("the log takes it");
    assert!(engine.failed().await.contains("warehouse/snapshots"));
    assert_eq!(engine.close().await, Err(CommitError));
    let batches = "SELECT count(*) FROM log";
    assert!(tool.query_row(batches, [], |row| row.get::<_, i64>(0)).unwrap() > 0);

    tool.execute_batch("ALTER TABLE renamed RENAME TO \"warehouse/snapshots\"").unwrap();
    drop(tool);
    let engine = open(folder.path());
    let storage = engine.service("warehouse");
    check(&storage).await;
    assert_eq!(storage.key_value.value("removed", at(0)).await.unwrap(), None);
    engine.close().await.unwrap();
}

/// Row of the journal table as format 3 has it: one event, without an origin.
const ROW_OF_FORMAT_3: &[u8] = b"\x01\
    \x01\x90\xa6\x99\xe8\xb2\x76\x9b\x87\xa5\xa7\xc9\x44\xbe\x95\x2f\
    \x06\x00\x00\x00filled\
    \x40\x89\x55\x69\x00\x00\x00\x00\x07\x00\x00\x00\
    \x0d\x00\x00\x00{\"litres\":40}";

#[tokio::test]
async fn a_folder_of_format_3_opens_and_goes_on_with_origins() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await.unwrap();
    fs::remove_file(folder.path().join("icommerce.state")).unwrap();
    let database = Connection::open(folder.path().join("icommerce.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE \"tanks/journal\" (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, \
                 first_version INTEGER NOT NULL, count INTEGER NOT NULL, events BLOB NOT NULL);
             CREATE UNIQUE INDEX \"tanks/journal/streams\" ON \"tanks/journal\" (stream, first_version);
             PRAGMA user_version = 3;",
        )
        .unwrap();
    let insert = "INSERT INTO \"tanks/journal\" VALUES (5, 'tank-1', 1, 1, ?1)";
    database.execute(insert, [ROW_OF_FORMAT_3]).unwrap();
    drop(database);

    let origin = Origin::new(Edge::Operator, Some("ann"), "192.0.2.7".parse().ok(), None);
    let engine = open(folder.path());
    let journal = engine.service("tanks").journal;
    let request = Append { origin: Some(origin.clone()), ..append("tank-1", 1) };
    journal.append(request).await.unwrap().commit.wait().await.unwrap();
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let events = engine.service("tanks").journal.read("tank-1", 0, 10).await.unwrap();
    let [old, new] = &events[..] else { panic!("{events:?}") };
    assert_eq!((old.name.as_str(), &old.data[..]), ("filled", &b"{\"litres\":40}"[..]));
    assert_eq!((old.position, old.version, &old.origin), (5, 1, &None));
    assert_eq!(old.recorded_at.to_string(), "2025-12-31T20:36:16.000000007Z");
    assert_eq!((new.position, new.version, &new.origin), (6, 2, &Some(origin)));
    engine.close().await.unwrap();
}

#[tokio::test]
async fn the_values_of_an_earlier_format_are_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    fill(&engine.service("warehouse")).await;
    fill(&engine.bulk("audit")).await;
    engine.close().await.unwrap();
    for (file, service) in [("icommerce.db", "warehouse"), ("bulk.db", "audit")] {
        let database = Connection::open(folder.path().join(file)).unwrap();
        database
            .execute_batch(&format!(
                "CREATE TABLE \"{service}/key_value\" (key TEXT PRIMARY KEY, value BLOB NOT NULL, \
                     expires_at INTEGER) WITHOUT ROWID;
                 CREATE INDEX \"{service}/key_value/expiries\" ON \"{service}/key_value\" (expires_at) \
                     WHERE expires_at IS NOT NULL;
                 INSERT INTO \"{service}/key_value\" SELECT * FROM \"{service}/values\";
                 DROP TABLE \"{service}/values\"; PRAGMA user_version = 2;"
            ))
            .unwrap();
    }

    let engine = open(folder.path());
    check(&engine.service("warehouse")).await;
    check(&engine.bulk("audit")).await;
    assert_eq!(engine.service("warehouse").key_value.sweep(at(NOON), 10).await.unwrap(), 1);
    engine.close().await.unwrap();
    let database = Connection::open(folder.path().join("icommerce.db")).unwrap();
    let left = "SELECT count(*) FROM sqlite_master WHERE name LIKE '%key_value%'";
    assert_eq!(database.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

/// Streams and the number of their rows in the journal table of a service.
fn rows(folder: &std::path::Path, service: &str) -> Vec<(String, i64)> {
    let database = Connection::open(folder.join("icommerce.db")).expect("it opens");
    let sql = format!(
        "SELECT stream, count(*) FROM \"{service}/journal\" GROUP BY stream ORDER BY stream"
    );
    let mut select = database.prepare(&sql).expect("the table exists");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is read");
    rows.collect::<rusqlite::Result<_>>().expect("they are read")
}

#[tokio::test]
async fn a_deleted_stream_leaves_nothing_on_the_disk() {
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
    assert_eq!(rows(folder.path(), "till"), [("b".to_owned(), 2)]);

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
}
