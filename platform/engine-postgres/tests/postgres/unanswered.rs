//! Writes without an answer: what the database has of them under way is seen by every later read, or never stored.

use crate::{
    processes::{append, opened},
    server::{Database, SERVICES},
};
use engine_postgres::{PostgresEngine, PostgresOptions, migrate};
use journal::{AppendError, READ_EVENTS_MAX};
use std::{process::Command, sync::Arc, time::Duration};
use storage::StorageError;
use test_servers::{Durability, PostgresServer};
use tokio::{task::JoinSet, time::Instant};

const TIMEOUT: Duration = Duration::from_mins(1);

fn is_unavailable(error: &AppendError) -> bool {
    matches!(error, AppendError::Storage(StorageError::Unavailable(_)))
}

/// Engine on a server whose settings are changed.
async fn opened_alone() -> (PostgresServer, PostgresEngine) {
    let programs = test_servers::postgres_programs().expect("`cargo xtask test` finds PostgreSQL");
    let server = PostgresServer::start(&programs, Durability::Full).expect("the server starts");
    let mut options = PostgresOptions::new(&format!("{}/postgres", server.url())).unwrap();
    options.write_timeout = Duration::from_secs(3);
    migrate(&options, "postgres", &SERVICES).await.unwrap();
    (server, opened(options).await)
}

/// Changes a setting of a server.
fn set(server: &PostgresServer, sql: &str) {
    server.query("postgres", sql).unwrap();
    server.query("postgres", "SELECT pg_reload_conf()").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_read_answers_before_it_is_known_whether_a_write_is_stored() {
    let (server, engine) = opened_alone().await;
    let journal = engine.service("warehouse").unwrap().journal;
    journal.append(append(0)).await.unwrap();
    assert_eq!(journal.follow(0, READ_EVENTS_MAX).await.unwrap().len(), 1);

    // A commit waits for a copy that is not there: it is written, and nobody sees it.
    let set = |sql| set(&server, sql);
    set("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    let until = Instant::now() + TIMEOUT;
    let mut number = 1;
    loop {
        match journal.append(append(number)).await {
            // The server has not read its settings yet.
            Ok(_) => number += 1,
            Err(error) => break assert!(is_unavailable(&error), "{error}"),
        }
        assert!(Instant::now() < until);
    }
    let stored = usize::try_from(number).unwrap() + 1;
    let read = async || journal.read("crate", 0, READ_EVENTS_MAX).await.map(|it| it.len());
    let follow = async || journal.follow(0, READ_EVENTS_MAX).await.map(|it| it.len());
    let last = async || journal.last_position().await;
    assert!(read().await.is_err(), "an answer without the write would be decided on");
    assert!(follow().await.is_err() && last().await.is_err());
    set("ALTER SYSTEM RESET synchronous_standby_names");
    let seen = loop {
        match read().await {
            Ok(count) => break count,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    assert_eq!((seen, follow().await.unwrap()), (stored, stored));
    assert_eq!(journal.append(append(number + 1)).await.unwrap().version, number + 2);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_wait_for_its_copy_was_cancelled_is_not_answered() {
    let (server, engine) = opened_alone().await;
    let journal = engine.service("warehouse").unwrap().journal;
    let set = |sql| set(&server, sql);
    set("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    let until = Instant::now() + TIMEOUT;
    let shown = || server.query("postgres", "SHOW synchronous_standby_names").unwrap();
    while shown().trim() != "nobody" {
        assert!(Instant::now() < until, "{:?}", shown());
    }
    let mut appending = JoinSet::new();
    let appends = Arc::clone(&journal);
    appending.spawn(async move { appends.append(append(0)).await });
    // What a script against long queries does, or a person.
    let cancel =
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let mut cancelled = 0;
    let answer = loop {
        cancelled += server.query("postgres", cancel).unwrap().trim().parse::<u32>().unwrap();
        if let Some(answer) = appending.try_join_next() {
            break answer.unwrap();
        }
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(cancelled > 0);
    assert!(is_unavailable(&answer.unwrap_err()), "no copy has it");
    set("ALTER SYSTEM RESET synchronous_standby_names");
    // The repetition is answered once the copies, of which there are none now, have it.
    let again = loop {
        match journal.append(append(0)).await {
            Ok(appended) => break appended,
            Err(error) => assert!(is_unavailable(&error) && Instant::now() < until, "{error}"),
        }
    };
    assert_eq!(again.version, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_flushed_before_they_are_answered_whatever_the_role_has_set() {
    let database = Database::create().await;
    database.run(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name()));
    let engine = opened(database.options()).await;
    engine.service("warehouse").unwrap().journal.append(append(0)).await.unwrap();
    // What it was set to locally is seen by a trigger of the same session.
    database.run(
        "CREATE TABLE warehouse.seen (setting text); GRANT INSERT ON warehouse.seen TO PUBLIC;
         CREATE FUNCTION warehouse.note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO warehouse.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER note BEFORE UPDATE ON warehouse.log_position FOR EACH ROW EXECUTE FUNCTION warehouse.note()",
    );
    engine.service("warehouse").unwrap().journal.append(append(1)).await.unwrap();
    assert_eq!(database.query("SELECT DISTINCT setting FROM warehouse.seen"), "on");
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_may_be_stored_is_not_called_refused_because_the_next_attempt_is() {
    let database = Database::create().await;
    let engine = opened(database.options()).await;
    let journal = engine.service("warehouse").unwrap().journal;
    journal.append(append(0)).await.unwrap();
    let full = "CREATE FUNCTION warehouse.full_disk() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$";
    let attached = "CREATE TRIGGER full_disk BEFORE UPDATE ON warehouse.log_position \
        FOR EACH ROW EXECUTE FUNCTION warehouse.full_disk()";
    let process = database.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'icommerce warehouse'",
    );
    let signal = |signal: &str| {
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    };
    signal("-STOP");
    let (later, appended) = (Arc::clone(&journal), append(1));
    let mut appending = JoinSet::new();
    appending.spawn(async move { later.append(appended).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    database.run(full);
    database.run(attached);
    database.run(&format!("SELECT pg_terminate_backend({process})"));
    signal("-CONT");
    let answer = tokio::time::timeout(TIMEOUT, appending.join_next()).await.unwrap();
    let error = answer.unwrap().unwrap().unwrap_err();
    assert!(is_unavailable(&error), "{error}");
    // Of one that nothing came before, it is certain.
    let refused = journal.append(append(1)).await.unwrap_err();
    assert!(matches!(refused, AppendError::Storage(StorageError::Full)), "{refused}");
    engine.close().await;
}
