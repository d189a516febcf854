//! Failover: a database that is not the one that it was is noticed, and decided by no more.

use crate::{
    processes::{append, opened},
    server::{Database, SERVICES},
};
use engine_postgres::{PostgresEngine, PostgresOptions, migrate};
use std::{fs, path::Path, time::Duration};
use test_servers::{Durability, PostgresServer};
use tokio::time::{Instant, sleep, timeout};

const TIMEOUT: Duration = Duration::from_mins(1);

/// Makes a standby of the server, and promotes it: it is at the same address, on another timeline.
fn fail_over(server: &mut PostgresServer) {
    let folder = server.query("postgres", "SHOW data_directory").unwrap();
    server.kill().unwrap();
    fs::write(Path::new(folder.trim()).join("standby.signal"), "").unwrap();
    server.run().unwrap();
    assert_eq!(server.query("postgres", "SELECT pg_promote()").unwrap().trim(), "t");
}

async fn on(server: &PostgresServer) -> PostgresEngine {
    let options = PostgresOptions::new(&format!("{}/postgres", server.url())).unwrap();
    migrate(&options, "postgres", &SERVICES).await.unwrap();
    opened(options).await
}

async fn assert_failed(engine: &PostgresEngine, told: &str) {
    let reason = timeout(TIMEOUT, engine.failed()).await.unwrap().to_string();
    assert!(reason.contains(told) && reason.contains("started again"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_copy_is_written_to_by_a_process_that_was_started_since() {
    let programs = test_servers::postgres_programs().unwrap();
    let mut server = PostgresServer::start(&programs, Durability::Full).unwrap();
    let engine = on(&server).await;
    let storage = engine.service("warehouse").unwrap();
    storage.journal.append(append(0)).await.unwrap();
    fail_over(&mut server);
    assert!(storage.journal.append(append(1)).await.is_err());
    assert!(storage.journal.read("crate", 0, 1).await.is_err());
    assert_failed(&engine, "a copy that was promoted").await;
    engine.close().await;

    let engine = on(&server).await;
    let journal = engine.service("warehouse").unwrap().journal;
    assert_eq!(journal.append(append(1)).await.unwrap().version, 2);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_process_notices_a_failover_by_its_probe() {
    let programs = test_servers::postgres_programs().unwrap();
    let mut server = PostgresServer::start(&programs, Durability::None).unwrap();
    let engine = on(&server).await;
    engine.ping().await.unwrap();
    fail_over(&mut server);
    assert!(engine.ping().await.is_err());
    assert_failed(&engine, "a copy that was promoted").await;
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_lacks_what_it_had_committed_is_not_appended_to() {
    let database = Database::create().await;
    let engine = opened(database.options()).await;
    let storage = engine.service("warehouse").unwrap();
    for number in 0..3 {
        storage.journal.append(append(number)).await.unwrap();
    }
    database.run(
        "DELETE FROM warehouse.events WHERE version > 1; UPDATE warehouse.log_position SET last = last - 2; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'icommerce%' AND datname = current_database()",
    );
    let until = Instant::now() + TIMEOUT;
    while !storage.journal.append(append(3)).await.unwrap_err().to_string().contains("lacks") {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(10)).await;
    }
    assert_failed(&engine, "lacks events of warehouse").await;
    assert_eq!(database.query("SELECT count(*) FROM warehouse.events"), "1");
    engine.close().await;
}
