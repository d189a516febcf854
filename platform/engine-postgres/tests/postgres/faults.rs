//! Faults of the server under load: it is killed, paused and stopped, and nothing is lost or doubled.

use crate::server::SERVICES;
use engine_postgres::{PostgresEngine, PostgresOptions, migrate};
use journal::{Append, AppendError, Journal, NewEvent, TypedEvent};
use kernel::{Timestamp, Uuid};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use storage::{Blobs, Collection, Document, Index, Write};
use subject_keys::SubjectKeys;
use test_servers::{Durability, PostgresServer};
use tokio::task::JoinSet;

const WRITERS: u64 = 8;
/// Appends of each writer where two processes write.
const EACH: u64 = 100;

static TOTALS: Collection =
    Collection { name: "totals", indexes: &[Index { name: "all", fields: &[] }] };

fn server() -> PostgresServer {
    let programs = test_servers::postgres_programs().expect("`cargo xtask test` finds PostgreSQL");
    PostgresServer::start(&programs, Durability::Full).expect("the server starts")
}

async fn open(server: &PostgresServer, write_timeout: Duration) -> PostgresEngine {
    let options = PostgresOptions::new(&format!("{}/postgres", server.url())).unwrap();
    open_with(options, write_timeout).await
}

/// One of several processes that write the same services.
async fn open_one_of_several(server: &PostgresServer) -> PostgresEngine {
    let mut options = PostgresOptions::new(&format!("{}/postgres", server.url())).unwrap();
    options.hints = true;
    options.shared_services = SERVICES.to_vec();
    open_with(options, Duration::from_secs(10)).await
}

async fn open_with(mut options: PostgresOptions, write_timeout: Duration) -> PostgresEngine {
    migrate(&options, "postgres", &SERVICES).await.unwrap();
    options.write_timeout = write_timeout;
    options.poll_interval = Duration::from_millis(20);
    let memory = engine_memory::MemoryEngine::new();
    let blobs = |name| -> Arc<dyn Blobs> { memory.service(name).blobs };
    let keys = Arc::new(SubjectKeys::for_tests());
    PostgresEngine::open(options, &SERVICES, keys, &blobs).await.unwrap()
}

/// Append number `version` of a writer, with a document that says how many there are.
fn append(writer: u64, version: u64) -> Append {
    let key = format!("writer-{writer}");
    let document =
        Document { key: key.clone(), body: (version + 1).to_string().into(), fields: Vec::new() };
    Append {
        stream: key,
        expected: version,
        events: vec![NewEvent {
            id: Uuid::from_u128(u128::from(writer) << 64 | u128::from(version)),
            name: "counted",
            data: version.to_string().into(),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::default(),
            personal: None,
        }],
        writes: vec![Write::Put { collection: &TOTALS, document }],
        origin: None,
        sequence: None,
    }
}

/// Load of writers that repeat what was not answered with success, as the services do.
struct Load {
    acknowledged: Arc<[AtomicU64]>,
    refused: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Load {
    fn start(engine: &PostgresEngine) -> Self {
        let acknowledged: Arc<[AtomicU64]> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
        let (refused, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let journal = engine.service(SERVICES[0]).unwrap().journal;
            let (acknowledged, refused) = (Arc::clone(&acknowledged), Arc::clone(&refused));
            let stop = Arc::clone(&stop);
            writers.spawn(async move {
                let count = &acknowledged[usize::try_from(writer).unwrap()];
                while !stop.load(Ordering::Relaxed) {
                    let version = count.load(Ordering::Relaxed);
                    match journal.append(append(writer, version)).await {
                        Ok(appended) => {
                            assert_eq!(appended.version, version + 1);
                            count.store(version + 1, Ordering::Relaxed);
                        }
                        Err(AppendError::Storage(_)) => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                        Err(AppendError::OutOfSequence) => panic!("it is in no sequence"),
                        Err(AppendError::Conflict { actual }) => {
                            panic!("writer {writer} expects {version}, and there are {actual}")
                        }
                    }
                }
            });
        }
        Self { acknowledged, refused, stop, writers }
    }

    fn total(&self) -> u64 {
        self.acknowledged.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Waits until this many more appends are acknowledged.
    async fn progress(&self, more: u64) {
        let wanted = self.total() + more;
        while self.total() < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops the writers; returns how many appends of each were acknowledged.
    async fn end(mut self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writers.join_next().await {
            ended.expect("no writer met what must not be");
        }
        self.acknowledged.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

/// Every event that was acknowledged is there, once, in the order of its stream; the documents are those of the last events.
async fn check(engine: &PostgresEngine, acknowledged: &[u64]) {
    let storage = engine.service(SERVICES[0]).unwrap();
    let seen = followed(&*storage.journal).await;
    for (writer, count) in (0..).zip(acknowledged) {
        let key = format!("writer-{writer}");
        let stored = seen.get(&key).copied().unwrap_or(0);
        // What was under way at the end may have been committed without an answer.
        assert!(stored == *count || stored == count + 1, "{key}: {stored} of {count}");
        let document = storage.documents.find(&TOTALS, &key).await.unwrap();
        let body = document.map(|document| document.body);
        assert_eq!(body.as_deref(), Some(stored.to_string().as_bytes()), "{key}");
    }
}

/// Versions of the streams, as a follower sees them from the beginning.
async fn followed(journal: &dyn Journal) -> BTreeMap<String, u64> {
    let (mut position, mut seen) = (0, BTreeMap::new());
    loop {
        let events = journal.follow(position, 500).await.unwrap();
        let Some(last) = events.last() else { return seen };
        position = last.position;
        for event in events {
            let version: &mut u64 = seen.entry(event.stream).or_default();
            assert_eq!(event.version, *version + 1, "no event is left out or seen twice");
            *version = event.version;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    let mut server = server();
    let engine = open(&server, Duration::from_secs(10)).await;
    let load = Load::start(&engine);
    for _ in 0..5 {
        load.progress(200).await;
        server.kill().unwrap();
        server.run().unwrap();
    }
    load.progress(50).await;
    check(&engine, &load.end().await).await;
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_and_comes_back_finds_its_callers_again() {
    let mut server = server();
    let engine = open(&server, Duration::from_millis(300)).await;
    let load = Load::start(&engine);
    load.progress(100).await;
    server.stop().unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let refused = load.refused.load(Ordering::Relaxed);
    assert!(refused > 0, "writes end with an error at their deadline");
    server.run().unwrap();
    load.progress(100).await;
    check(&engine, &load.end().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_delays_and_a_bounded_queue_sheds() {
    let server = server();
    let engine = open(&server, Duration::from_millis(300)).await;
    let load = Load::start(&engine);
    load.progress(100).await;
    server.pause().unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let refused = load.refused.load(Ordering::Relaxed);
    assert!(refused >= WRITERS, "writes end with an error at their deadline: {refused}");
    server.resume().unwrap();
    load.progress(100).await;
    check(&engine, &load.end().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_one_service_in_one_order() {
    let server = server();
    let (one, two) = (open_one_of_several(&server).await, open_one_of_several(&server).await);
    let mut writers = JoinSet::new();
    for (number, engine) in (0..).zip([&one, &two, &one, &two]) {
        let journal = engine.service(SERVICES[0]).unwrap().journal;
        writers.spawn(async move {
            for version in 0..EACH {
                journal.append(append(number, version)).await.unwrap();
            }
        });
    }
    // A follower on one engine sees what the other appends, in order, and without a gap.
    let journal = two.service(SERVICES[0]).unwrap().journal;
    let (mut position, mut versions, mut count) = (0, BTreeMap::<String, u64>::new(), 0);
    while count < 4 * EACH {
        journal.wait_beyond(position).await;
        for event in journal.follow(position, 7).await.unwrap() {
            position = event.position;
            let version = versions.entry(event.stream).or_default();
            assert_eq!(event.version, *version + 1);
            *version += 1;
            count += 1;
        }
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_append_to_one_stream_never_both_win() {
    let server = server();
    let (one, two) = (open_one_of_several(&server).await, open_one_of_several(&server).await);
    let journals = [&one, &two].map(|engine| engine.service(SERVICES[0]).unwrap().journal);
    for version in 0..100 {
        let mut requests = [append(0, version), append(0, version)];
        requests[1].events[0].id = Uuid::from_u128(u128::MAX - u128::from(version));
        let [first, second] = requests;
        let (first, second) = tokio::join!(journals[0].append(first), journals[1].append(second));
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "{first:?} {second:?}");
        let lost = first.and(second).unwrap_err();
        assert!(
            matches!(lost, AppendError::Conflict { actual } if actual == version + 1),
            "{lost:?}"
        );
    }
}
