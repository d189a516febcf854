//! Fencing: who was given up, or whose place another one took, writes no more.

use crate::{
    processes::{append, opened},
    server::{Database, SERVICES},
};
use engine_memory::MemoryEngine;
use engine_postgres::{DatabaseError, PostgresEngine, PostgresOptions, migrate};
use journal::{AppendError, READ_EVENTS_MAX};
use std::{process::Command, sync::Arc, time::Duration};
use storage::{Collection, Document, StorageError, Write};
use subject_keys::SubjectKeys;
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_mins(1);
static NOTES: Collection = Collection { name: "notes", indexes: &[] };

fn note(text: &str) -> Write {
    let document =
        Document { key: "one".to_owned(), body: text.to_owned().into(), fields: Vec::new() };
    Write::Put { collection: &NOTES, document }
}

/// Options with which a process gives up soon.
fn impatient(database: &Database) -> PostgresOptions {
    let mut options = database.options();
    options.write_timeout = Duration::from_millis(500);
    options
}

/// Process of the server that the writer of the warehouse is connected to: it has written last, and sent a hint behind that, if any.
fn writers_process(database: &Database) -> String {
    database.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'icommerce warehouse' \
         AND (query LIKE '%log_position%' OR query LIKE '%NOTIFY%') ORDER BY state_change DESC LIMIT 1",
    )
}

fn signal(process: &str, signal: &str) {
    assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_given_up_cannot_write_any_more() {
    for hints in [false, true] {
        let database = Database::create().await;
        let mut options = impatient(&database);
        options.hints = hints;
        options.shared_services = if hints { SERVICES.to_vec() } else { Vec::new() };
        let engine = opened(options).await;
        let storage = engine.service("warehouse").unwrap();
        storage.journal.append(append(0)).await.unwrap();
        let process = writers_process(&database);

        // What it was sent lies in its socket, and is executed once it goes on.
        signal(&process, "-STOP");
        let given_up = storage.journal.append(append(1)).await.unwrap_err();
        assert!(matches!(given_up, AppendError::Storage(StorageError::Unavailable(_))));
        let again = || storage.documents.write(vec![note("later")]);
        // Admission waits for a transaction that is under way; there is none.
        let until = Instant::now() + TIMEOUT;
        while again().await.is_err() {
            assert!(Instant::now() < until);
        }
        signal(&process, "-CONT");
        let is_gone = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
        while database.query(&is_gone) != "0" {
            assert!(Instant::now() < until);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let events = storage.journal.read("crate", 0, READ_EVENTS_MAX).await.unwrap();
        assert_eq!(events.len(), 1, "with hints: {hints}");
        // The stream is as everybody was told.
        assert_eq!(storage.journal.append(append(1)).await.unwrap().version, 2);
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_a_connection_that_was_given_up_are_not_put() {
    let database = Database::create().await;
    let engine = opened(impatient(&database)).await;
    let documents = engine.service("warehouse").unwrap().documents;
    let _ = documents.write(vec![note("first")]).await.unwrap();
    let process = writers_process(&database);
    signal(&process, "-STOP");
    assert!(documents.write(vec![note("given up")]).await.is_err());
    let _ = documents.write(vec![note("later")]).await.unwrap();
    signal(&process, "-CONT");
    let is_gone = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
    let until = Instant::now() + TIMEOUT;
    while database.query(&is_gone) != "0" {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(documents.find(&NOTES, "one").await.unwrap().unwrap().body, "later");
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_place_another_one_took_writes_nothing_and_stops() {
    let database = Database::create().await;
    // Connected under the name of maintenance, it is not noticed, as one is not whose network is cut.
    let first = opened(database.options().for_maintenance()).await;
    let journal = first.service("warehouse").unwrap().journal;
    journal.append(append(0)).await.unwrap();
    let second = opened(database.options()).await;
    let refused = journal.append(append(1)).await.unwrap_err().to_string();
    assert!(refused.contains("another process serves the shop"), "{refused}");
    let reason = tokio::time::timeout(TIMEOUT, first.failed()).await.unwrap().to_string();
    assert!(reason.contains("another process serves the shop"), "{reason}");
    assert!(
        first.service("letter-service").unwrap().documents.write(vec![note("x")]).await.is_err()
    );

    let taken_over = second.service("warehouse").unwrap().journal;
    assert_eq!(taken_over.append(append(1)).await.unwrap().version, 2);
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_use_is_refused_until_it_is_free() {
    let database = Database::create().await;
    let first = opened(database.options()).await;
    let open = || async {
        let memory = MemoryEngine::new();
        let blobs = |name| memory.service(name).blobs;
        let mut options = database.options();
        options.occupant_timeout = Duration::from_millis(300);
        let keys = Arc::new(SubjectKeys::for_tests());
        PostgresEngine::open(options, &crate::server::SERVICES, keys, &blobs).await
    };
    let refused = open().await.unwrap_err();
    assert!(matches!(refused, DatabaseError::InUse { .. }), "{refused}");
    let sentence = refused.to_string();
    assert!(
        sentence.contains("another shop, or a process with some of its services, is connected")
            && sentence.contains(" since 20")
    );
    first.service("warehouse").unwrap().journal.append(append(0)).await.unwrap();
    first.close().await;
    let until = Instant::now() + TIMEOUT;
    let second = loop {
        match open().await {
            Ok(engine) => break engine,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_and_does_not_answer_is_not_waited_for_without_end() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://shop@{}/shop", listener.local_addr().unwrap());
    let mut options = PostgresOptions::new(&url).unwrap();
    options.connect_timeout = Duration::from_millis(200);
    let pending = engine_postgres::pending(&options, &crate::server::SERVICES).await;
    assert!(matches!(pending, Err(DatabaseError::Silent { .. })), "{pending:?}");
    let memory = MemoryEngine::new();
    let blobs = |name| memory.service(name).blobs;
    let keys = Arc::new(SubjectKeys::for_tests());
    let opened = PostgresEngine::open(options, &crate::server::SERVICES, keys, &blobs).await;
    assert!(matches!(opened, Err(DatabaseError::Silent { .. })), "{:?}", opened.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_connection_that_is_never_answered_is_replaced() {
    let database = Database::create().await;
    let mut options = database.options();
    options.read_timeout = Duration::from_millis(500);
    let readers = options.readers;
    let engine = opened(options).await;
    let journal = engine.service("warehouse").unwrap().journal;
    journal.append(append(0)).await.unwrap();
    for _ in 0..readers {
        assert_eq!(journal.read("crate", 0, READ_EVENTS_MAX).await.unwrap().len(), 1);
    }
    // Each of them hangs, as behind a proxy that stalls; the server answers whoever connects anew.
    let all = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'icommerce%'";
    let stopped: Vec<String> = database.query(all).lines().map(str::to_owned).collect();
    for process in &stopped {
        signal(process, "-STOP");
    }
    let until = Instant::now() + TIMEOUT;
    let answered = loop {
        match journal.read("crate", 0, READ_EVENTS_MAX).await {
            Ok(events) => break events.len(),
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    for process in &stopped {
        signal(process, "-CONT");
    }
    assert_eq!(answered, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_wait_for_a_lock_that_somebody_keeps_do_not_pile_up() {
    let database = Database::create().await;
    let engine = opened(impatient(&database)).await;
    let journal = engine.service("warehouse").unwrap().journal;
    journal.append(append(0)).await.unwrap();
    let lock = database.lock("warehouse.log_position");
    for _ in 0..8 {
        journal.append(append(1)).await.unwrap_err();
    }
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let waiting: u32 = database.query(waiting).parse().unwrap();
    assert!(waiting <= 2, "{waiting} connections wait");
    drop(lock);
    let until = Instant::now() + TIMEOUT;
    while let Err(error) = journal.append(append(1)).await {
        assert!(Instant::now() < until, "{error}");
    }
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_use_by_another_user_is_refused_as_well() {
    let database = Database::empty();
    let other = format!("other_{}", database.name());
    for user in ["postgres", &other] {
        if user == other {
            database.run(&format!("CREATE ROLE {other} LOGIN"));
        }
        migrate(&database.options(), user, &crate::server::SERVICES).await.unwrap();
    }
    let first = opened(database.options()).await;
    let memory = MemoryEngine::new();
    let blobs = |name| memory.service(name).blobs;
    let url = database.url().replace("postgres@", &format!("{other}@"));
    let mut options = PostgresOptions::new(&url).unwrap();
    options.occupant_timeout = Duration::from_millis(300);
    let keys = Arc::new(SubjectKeys::for_tests());
    let refused = PostgresEngine::open(options, &crate::server::SERVICES, keys, &blobs).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, DatabaseError::InUse { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("another shop, or a process with some of its services, is connected"),
        "{refused}"
    );
    first.service("warehouse").unwrap().journal.append(append(0)).await.unwrap();
    first.close().await;
}
