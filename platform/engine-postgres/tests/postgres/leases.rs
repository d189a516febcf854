//! Leases: of several processes with the same services one owns them, and a former owner writes nothing more.

use crate::{
    processes::append,
    server::{Database, SERVICES},
};
use engine_memory::MemoryEngine;
use engine_postgres::{DatabaseError, EngineFailure, PostgresEngine, PostgresLease};
use std::{sync::Arc, time::Duration};
use storage::{Lease, LeaseEpoch};
use subject_keys::SubjectKeys;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_mins(1);

/// Services in the order of the parts of their lease.
fn in_order() -> Vec<&'static str> {
    let mut services = SERVICES.to_vec();
    services.sort_unstable();
    services
}

async fn lease(database: &Database) -> PostgresLease {
    let mut options = database.options();
    options.hints = true;
    PostgresLease::open(options, &SERVICES).await.unwrap()
}

async fn take(lease: &PostgresLease, owner: &str) -> LeaseEpoch {
    let seen = lease.state().await.unwrap();
    lease.take(&seen, owner).await.unwrap().expect("nobody else takes it")
}

async fn open(database: &Database, epoch: &LeaseEpoch) -> Result<PostgresEngine, DatabaseError> {
    let mut options = database.options();
    options.hints = true;
    options.occupant_timeout = Duration::from_millis(300);
    options.leased = in_order().into_iter().zip(epoch.0.iter().copied()).collect();
    let memory = MemoryEngine::new();
    let keys = Arc::new(SubjectKeys::for_tests());
    PostgresEngine::open(options, &SERVICES, keys, &|name| memory.service(name).blobs).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_owner_writes_at_once_and_the_former_one_no_more() {
    let database = Database::create().await;
    let (of_first, of_second) = (lease(&database).await, lease(&database).await);
    let first = open(&database, &take(&of_first, "first").await).await.unwrap();
    let journal = |engine: &PostgresEngine| engine.service("warehouse").unwrap().journal;
    journal(&first).append(append(0)).await.unwrap();
    // The first one is paused, say: it is connected, and has not learned of it.
    let second = open(&database, &take(&of_second, "second").await).await.unwrap();
    assert_eq!(journal(&second).append(append(1)).await.unwrap().version, 2);
    let refused = journal(&first).append(append(2)).await.unwrap_err().to_string();
    assert!(refused.contains("another process"), "{refused}");
    let failure = timeout(TIMEOUT, first.failed()).await.unwrap();
    assert_eq!(failure, EngineFailure::Superseded);
    for engine in [first, second] {
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_before_opening_the_storage_takes_nobodys_place() {
    let database = Database::create().await;
    let lease = lease(&database).await;
    let lost = take(&lease, "first").await;
    let second = open(&database, &take(&lease, "second").await).await.unwrap();
    let refused = open(&database, &lost).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Superseded { .. }), "{refused}");
    let journal = second.service("warehouse").unwrap().journal;
    assert_eq!(journal.append(append(0)).await.unwrap().version, 1);
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_races_for_the_storage_the_last_owner_has_it() {
    let database = Database::create().await;
    let lease = Arc::new(lease(&database).await);
    for round in 0..10 {
        let former = take(&lease, "former").await;
        let taken = async {
            let epoch = take(&lease, "last").await;
            open(&database, &epoch).await.unwrap()
        };
        let (_, last) = tokio::join!(open(&database, &former), taken);
        let journal = last.service("warehouse").unwrap().journal;
        assert_eq!(journal.append(append(round)).await.unwrap().version, round + 1);
        last.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_on_several_services_is_taken_whole_or_not_at_all() {
    let database = Database::create().await;
    let whole = lease(&database).await;
    let part = PostgresLease::open(database.options(), &SERVICES[..1]).await.unwrap();
    let seen = whole.state().await.unwrap();
    take(&part, "part").await;
    assert_eq!(whole.take(&seen, "whole").await.unwrap(), None);
    let state = whole.state().await.unwrap();
    assert_eq!(state.0.iter().filter(|part| part.owner.is_some()).count(), 1, "{state:?}");
    let epoch = take(&whole, "it's all").await;
    assert_eq!(whole.state().await.unwrap().owner(), Some("it's all"));
    assert!(whole.renew(&epoch).await.unwrap());
    take(&part, "part").await;
    assert!(!whole.renew(&epoch).await.unwrap(), "a part of it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_shop_and_processes_with_leases_keep_apart() {
    let database = Database::create().await;
    let lease = lease(&database).await;
    let epoch = take(&lease, "first").await;
    // As long as a process stands by, the database is no whole shop's.
    drop(lease);
    let whole = database.open().await;
    let refused = open(&database, &epoch).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::InUse { .. }), "{refused}");
    whole.close().await;
    drop(whole);
    let engine = open(&database, &epoch).await;
    let engine = match engine {
        // The server may still list the connections of a shop that has just ended.
        Err(DatabaseError::InUse { .. }) => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            open(&database, &epoch).await
        }
        opened => opened,
    };
    engine.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_answered_for_again_when_the_server_is_back() {
    let database = Database::create().await;
    let lease = lease(&database).await;
    let epoch = take(&lease, "first").await;
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let renewed = async {
        loop {
            match lease.renew(&epoch).await {
                Ok(renewed) => return renewed,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    assert!(timeout(TIMEOUT, renewed).await.unwrap());
}
