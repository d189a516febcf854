//! Faults of the server: it stops and is paused, and what is written in part is written again.

use engine_mongodb::{MongoEngine, MongoOptions};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use storage::{Collection, Document, Documents, Index, Query, StorageError, Write};
use test_servers::{MongoServer, ToxiproxyServer};
use tokio::{task::JoinSet, time::timeout};

static EFFECTS: Collection = Collection { name: "effects", indexes: &[] };
static PLACE: Collection = Collection { name: "place", indexes: &[] };
static LETTERS: Collection =
    Collection { name: "letters", indexes: &[Index { name: "all", fields: &[] }] };
/// Effects of one message.
const EFFECTS_EACH: u64 = 5;

fn server() -> MongoServer {
    let libraries = test_servers::mongodb_libraries().expect("`cargo xtask test` finds the server");
    MongoServer::start(&libraries).expect("the server starts")
}

async fn open(address: &str) -> MongoEngine {
    let mut options = MongoOptions::new(&format!("mongodb://{address}/shop")).unwrap();
    options.operation_timeout = Duration::from_secs(1);
    options.connect_timeout = Duration::from_millis(500);
    options.operations_max = 4;
    MongoEngine::open(options).await.unwrap()
}

fn put(collection: &'static Collection, key: &str, body: u64) -> Write {
    let body = body.to_string().into();
    let document = Document { key: key.to_owned(), body, fields: Vec::new() };
    Write::Put { collection, document }
}

/// Writes of a message: its effects, and the position last.
fn writes(position: u64) -> Vec<Write> {
    let effects = (0..EFFECTS_EACH).map(|number| format!("{position}-{number}"));
    let effects = effects.map(|key| put(&EFFECTS, &key, position));
    effects.chain([put(&PLACE, "position", position)]).collect()
}

async fn position(documents: &dyn Documents) -> Result<u64, StorageError> {
    let stored = documents.find(&PLACE, "position").await?;
    Ok(stored.map_or(0, |stored| std::str::from_utf8(&stored.body).unwrap().parse().unwrap()))
}

/// Consumes for ever as a consumer does: it goes on from the stored position after an error.
async fn consume(documents: Arc<dyn Documents>, reached: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let mut next = None;
    while !stop.load(Ordering::Relaxed) {
        let message = match next {
            Some(message) => message,
            None => match position(&*documents).await {
                Ok(position) => position + 1,
                Err(_) => continue,
            },
        };
        if documents.write(writes(message)).await.is_ok() {
            reached.store(message, Ordering::Relaxed);
            next = Some(message + 1);
        } else {
            next = None;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn beyond(reached: &AtomicU64, position: u64) {
    while reached.load(Ordering::Relaxed) <= position {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_is_never_stored_without_the_effects_before_it() {
    let mut server = server();
    let engine = open(&server.address()).await;
    let documents = engine.documents("letter-service");
    let (reached, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut consuming = JoinSet::new();
    consuming.spawn(consume(Arc::clone(&documents), Arc::clone(&reached), Arc::clone(&stop)));
    for _ in 0..3 {
        let before = reached.load(Ordering::Relaxed);
        beyond(&reached, before + 20).await;
        // Not killed: this server acknowledges what it has not flushed, whatever it is asked for.
        server.stop().unwrap();
        server.run().unwrap();
    }
    let before = reached.load(Ordering::Relaxed);
    beyond(&reached, before + 5).await;
    stop.store(true, Ordering::Relaxed);
    consuming.join_all().await;
    let last = position(&*documents).await.unwrap();
    for message in 1..=last {
        for number in 0..EFFECTS_EACH {
            let found = documents.find(&EFFECTS, &format!("{message}-{number}")).await.unwrap();
            assert!(found.is_some(), "effect {number} of message {message} of {last}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_given_up_and_does_not_gather_callers() {
    let server = server();
    let engine = open(&server.address()).await;
    let documents = engine.documents("letter-service");
    documents.write(writes(1)).await.unwrap().wait().await.unwrap();
    server.pause().unwrap();
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let documents = Arc::clone(&documents);
        waiting.spawn(async move { position(&*documents).await.unwrap_err().to_string() });
    }
    let reasons = waiting.join_all().await;
    let refused = reasons.iter().filter(|reason| reason.contains("too many")).count();
    assert!(refused >= 4, "no more than four wait: {reasons:?}");
    assert!(refused < 8, "those that wait are answered at their deadline: {reasons:?}");
    server.resume().unwrap();
    let mut position_found = position(&*documents).await;
    while position_found.is_err() {
        position_found = position(&*documents).await;
    }
    assert_eq!(position_found.unwrap(), 1);
}

/// What a shop waits for a read at most, and some time for a machine that is busy: less than two waits of one read.
const READ_WITHIN: Duration = Duration::from_secs(9);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_read_of_a_server_that_stands_still_is_given_up_as_soon_as_later_ones() {
    let server = server();
    let options = MongoOptions::new(&format!("mongodb://{}/shop", server.address())).unwrap();
    let engine = MongoEngine::open(options).await.unwrap();
    let documents = engine.documents("letter-service");
    documents.write(writes(1)).await.unwrap().wait().await.unwrap();
    server.pause().unwrap();
    for _ in 0..2 {
        let query = documents.query(&LETTERS, Query::all("all", 10));
        let answer = timeout(READ_WITHIN, query).await.expect("it is given up");
        assert!(matches!(answer, Err(StorageError::Unavailable(_))), "{answer:?}");
    }
    server.resume().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_asks_the_server_twice_has_one_deadline() {
    let server = server();
    let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program().unwrap()).unwrap();
    let proxy = toxiproxy.proxy("mongodb", &server.address()).unwrap();
    let engine = open(proxy.address()).await;
    let documents = engine.documents("letter-service");
    documents.write(vec![put(&LETTERS, "one", 1)]).await.unwrap().wait().await.unwrap();
    let other = engine.documents("letter-service");
    // Of a second that a call may take, either request takes more than half.
    proxy.add_latency(Duration::from_millis(600)).unwrap();
    let answer = other.query(&LETTERS, Query::all("all", 10)).await;
    assert!(matches!(answer, Err(StorageError::Unavailable(_))), "{answer:?}");
    proxy.remove_latency().unwrap();
    let mut found = other.query(&LETTERS, Query::all("all", 10)).await;
    while found.is_err() {
        found = other.query(&LETTERS, Query::all("all", 10)).await;
    }
    assert_eq!(found.unwrap().documents.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_is_used_and_one_that_is_cut_off_is_found_again() {
    let server = server();
    let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program().unwrap()).unwrap();
    let proxy = toxiproxy.proxy("mongodb", &server.address()).unwrap();
    let engine = open(proxy.address()).await;
    let documents = engine.documents("letter-service");
    proxy.add_latency(Duration::from_millis(50)).unwrap();
    documents.write(writes(1)).await.unwrap().wait().await.unwrap();
    proxy.remove_latency().unwrap();
    proxy.disable().unwrap();
    assert!(documents.write(writes(2)).await.is_err());
    proxy.enable().unwrap();
    while documents.write(writes(3)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(position(&*documents).await.unwrap(), 3);
}
