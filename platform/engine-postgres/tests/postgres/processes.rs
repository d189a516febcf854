//! Several processes on one database: hints about new events, and the statistics of the writers.

use crate::server::{Database, SERVICES};
use engine_memory::MemoryEngine;
use engine_postgres::{DatabaseError, PostgresEngine, PostgresOptions};
use journal::{Append, NewEvent, TypedEvent};
use kernel::{Timestamp, Uuid};
use std::{sync::Arc, time::Duration};
use subject_keys::SubjectKeys;
use tokio::task::JoinSet;

/// How long anything may take that a working server does at once.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Between two appends that tell a follower.
const PAUSE: Duration = Duration::from_millis(50);
/// Nobody waits for a poll.
const NEVER: Duration = Duration::from_hours(24);

pub(crate) async fn opened(options: PostgresOptions) -> PostgresEngine {
    let memory = MemoryEngine::new();
    let keys = Arc::new(SubjectKeys::for_tests());
    let blobs = |name| memory.service(name).blobs;
    PostgresEngine::open(options, &SERVICES, keys, &blobs).await.unwrap()
}

pub(crate) fn append(number: u64) -> Append {
    let event = NewEvent {
        id: Uuid::from_u128(number.into()),
        name: "stored",
        data: "{}".into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: TypedEvent::default(),
        personal: None,
    };
    let (stream, expected, writes) = ("crate".to_owned(), number, Vec::new());
    Append { stream, expected, events: vec![event], writes, origin: None, sequence: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_has_one_process_and_other_services_have_others() {
    let database = Database::create().await;
    let open_within = async |services: &[&'static str], hints, timeout| {
        let mut options = database.options();
        (options.hints, options.occupant_timeout) = (hints, timeout);
        let memory = MemoryEngine::new();
        let keys = Arc::new(SubjectKeys::for_tests());
        PostgresEngine::open(options, services, keys, &|name| memory.service(name).blobs).await
    };
    let open = async |services: &[&'static str], hints| {
        open_within(services, hints, TIMEOUT / 3).await.unwrap()
    };
    let refused = async |services: &[&'static str], hints| {
        let error = open_within(services, hints, Duration::from_millis(300)).await.unwrap_err();
        assert!(matches!(error, DatabaseError::InUse { .. }), "{services:?}, {hints}: {error}");
    };
    let warehouse = open(&["warehouse"], true).await;
    let letters = open(&["letter-service"], true).await;
    for (services, hints) in
        [(&["warehouse"][..], true), (&SERVICES, true), (&SERVICES, false), (&["warehouse"], false)]
    {
        refused(services, hints).await;
    }
    for engine in [&warehouse, &letters] {
        for service in SERVICES {
            let Some(storage) = engine.service(service) else { continue };
            storage.journal.append(append(0)).await.unwrap();
        }
    }
    for engine in [warehouse, letters] {
        // Its readers stay connected until it is dropped, as a process that ends drops it.
        engine.close().await;
        drop(engine);
    }
    // A whole shop has the place of every service.
    let whole = open(&SERVICES, false).await;
    refused(&["letter-service"], true).await;
    whole.service("warehouse").unwrap().journal.append(append(1)).await.unwrap();
    whole.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_nobody_sees_any_more_loses_its_services_to_the_next_one() {
    let database = Database::create().await;
    let open = async || {
        let mut options = database.options();
        options.hints = true;
        opened(options).await
    };
    let former = open().await;
    former.service("warehouse").unwrap().journal.append(append(0)).await.unwrap();
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let next = open().await;
    let journal = |engine: &PostgresEngine| engine.service("warehouse").unwrap().journal;
    assert!(journal(&former).append(append(1)).await.is_err());
    let told = tokio::time::timeout(TIMEOUT, former.failed()).await.unwrap().to_string();
    assert!(told.contains("another process"), "{told}");
    assert_eq!(journal(&next).append(append(1)).await.unwrap().version, 2);
    former.close().await;
    next.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_told_of_what_another_process_appends_without_a_poll() {
    let database = Database::create().await;
    let options = |poll_interval| {
        let mut options = database.options();
        (options.hints, options.poll_interval) = (true, poll_interval);
        options.shared_services = SERVICES.to_vec();
        options
    };
    let (one, other) = (opened(options(NEVER)).await, opened(options(NEVER)).await);
    let [writer, follower] =
        [&one, &other].map(|engine| engine.service("warehouse").unwrap().journal);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        for position in 0..2 {
            follower.wait_beyond(position).await;
        }
        follower.follow(0, 10).await.unwrap().len()
    });
    // The listener connects in the background: until it does, hints are lost, and the next append tells of those before as well.
    let told = async {
        let mut number = 0;
        loop {
            writer.append(append(number)).await.unwrap();
            number += 1;
            if let Ok(told) = tokio::time::timeout(PAUSE, tasks.join_next()).await {
                return told.unwrap().unwrap();
            }
        }
    };
    assert!(tokio::time::timeout(TIMEOUT, told).await.unwrap() >= 2);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_is_made_up_says_nothing() {
    let database = Database::create().await;
    let mut options = database.options();
    options.hints = true;
    options.shared_services = SERVICES.to_vec();
    let engine = opened(options).await;
    for hint in ["warehouse", "letter_service 18446744073709551615", "", "nothing"] {
        database.run(&format!("NOTIFY icommerce_events, '{hint}'"));
    }
    let journal = engine.service("warehouse").unwrap().journal;
    let waiting = tokio::time::timeout(Duration::from_millis(300), journal.wait_beyond(0)).await;
    assert!(waiting.is_err(), "there is no event");
    journal.append(append(0)).await.unwrap();
    tokio::time::timeout(TIMEOUT, journal.wait_beyond(0)).await.unwrap();
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_count_batches_appends_and_connections_made_anew() {
    let database = Database::create().await;
    let engine = database.open().await;
    let storage = engine.service("warehouse").unwrap();
    for number in 0..3 {
        storage.journal.append(append(number)).await.unwrap();
    }
    let _ = storage.key_value.put("key", "value".into(), None).await.unwrap();
    let of = |name| engine.statistics().into_iter().find(|(it, _)| *it == name).unwrap().1;
    let counted = of("warehouse");
    // One more wrote nothing, and showed that the writer can write.
    assert_eq!((counted.writes, counted.appends, counted.reconnects), (5, 3, 0));
    assert!((2..=5).contains(&counted.batches), "{counted:?}");
    assert_eq!(counted.commit_micros.iter().sum::<u64>(), counted.batches);
    assert_eq!((of("letter-service").batches, counted.queue), (1, 0));
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    storage.journal.append(append(3)).await.unwrap();
    assert_eq!(of("warehouse").reconnects, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_every_kind_that_share_a_batch_are_each_done_once() {
    const WRITES: u64 = 200;
    let database = Database::create().await;
    let engine = opened(database.options()).await;
    let storage = engine.service("warehouse").unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..WRITES {
        let (journal, values) = (Arc::clone(&storage.journal), Arc::clone(&storage.key_value));
        tasks.spawn(async move {
            values.add("counter", 1, Timestamp::UNIX_EPOCH, None).await.unwrap();
            let put = values.put(&format!("value-{number}"), "v".into(), None).await.unwrap();
            put.wait().await.unwrap();
            let new = Append { stream: format!("crate-{number}"), expected: 0, ..append(number) };
            let appended = journal.append(new).await.unwrap();
            assert_eq!(appended.version, 1);
        });
    }
    tasks.join_all().await;
    let counted = storage.key_value.add("counter", 0, Timestamp::UNIX_EPOCH, None).await;
    assert_eq!(counted.unwrap(), i64::try_from(WRITES).unwrap());
    for number in 0..WRITES {
        let value =
            storage.key_value.value(&format!("value-{number}"), Timestamp::UNIX_EPOCH).await;
        assert_eq!(value.unwrap().as_deref(), Some(&b"v"[..]));
        let stored = storage.journal.read(&format!("crate-{number}"), 0, 10).await.unwrap();
        assert_eq!(stored.len(), 1);
    }
    // Followers are shown the same from memory as from the database.
    let mut followed = storage.journal.follow(0, 1_000).await.unwrap();
    let statistics = engine.statistics();
    engine.close().await;
    drop((storage, engine));
    let reopened = opened(database.options()).await;
    let stored = reopened.service("warehouse").unwrap().journal.follow(0, 1_000).await.unwrap();
    for event in &mut followed {
        event.typed = TypedEvent::default();
    }
    assert_eq!((followed.len() as u64, &followed), (WRITES, &stored));
    let (_, batches) = statistics.iter().find(|(service, _)| *service == "warehouse").unwrap();
    assert!(batches.batches < batches.writes, "batches were shared: {batches:?}");
}
