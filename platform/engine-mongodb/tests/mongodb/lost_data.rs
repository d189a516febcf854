//! Loss of everything that the server had, without an error: the consumers of feeds write it again.

use async_trait::async_trait;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use engine_mongodb::{MongoEngine, MongoOptions};
use journal::{Append, NewEvent, RecordedEvent};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use messaging::{
    Consumer, ConsumerParts, Feed, FeedEvent, Handler, HandlerError, JournalFeed, Message,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use storage::{Collection, Document, Documents, Write};
use test_servers::MongoServer;

static EFFECTS: Collection = Collection { name: "effects", indexes: &[] };
const SOURCE: &str = "warehouse";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum DepotEvent {
    Numbered { number: u64 },
}

impl FeedEvent for DepotEvent {
    const SOURCE: &'static str = SOURCE;
    const TYPES: &'static [&'static str] = &["numbered"];
}

/// Time within which a consumer finds out that its position is gone, and has written everything again.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// Handler with an effect for each message.
struct DepotEffects;

#[async_trait]
impl Handler<DepotEvent> for DepotEffects {
    async fn handle(&self, message: &Message<DepotEvent>) -> Result<Vec<Write>, HandlerError> {
        let DepotEvent::Numbered { number } = message.event;
        let key = number.to_string();
        let document = Document { key, body: Bytes::new(), fields: Vec::new() };
        Ok(vec![Write::Put { collection: &EFFECTS, document }])
    }
}

fn feed(warehouse: &MemoryEngine) -> Arc<dyn Feed<DepotEvent>> {
    let translate = |event: &RecordedEvent| Ok(serde_json::from_slice(&event.data).ok());
    Arc::new(JournalFeed::new(warehouse.service(SOURCE).journal, translate))
}

async fn publish(warehouse: &MemoryEngine, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes()),
            name: "numbered",
            data: serde_json::to_vec(&DepotEvent::Numbered { number }).unwrap().into(),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: journal::TypedEvent::default(),
            personal: None,
        };
        let append = Append {
            stream: number.to_string(),
            expected: 0,
            events: vec![event],
            writes: Vec::new(),
            origin: None,
            sequence: None,
        };
        let appended = warehouse.service(SOURCE).journal.append(append).await;
        assert!(appended.is_ok(), "message {number}");
    }
}

/// A consumer that keeps its effects and its position in the database.
async fn consumer(warehouse: &MemoryEngine, documents: Arc<dyn Documents>) {
    let mut storage = MemoryEngine::new().service("office");
    storage.projections = documents;
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let parts = ConsumerParts {
        group: "effects",
        storage: storage.projected(),
        ids: Ids::new(clock, Arc::new(SeededRandomness::new(1))),
        metrics: telemetry::Metrics::new(),
        health: telemetry::Health::new(),
    };
    Consumer::new(parts, feed(warehouse), Arc::new(DepotEffects)).run().await;
}

/// Waits until so many effects are there.
async fn effects(documents: &dyn Documents, count: u64) {
    loop {
        // While the server is away, nothing is.
        let found = documents.scan(&EFFECTS, None, 1_000).await.unwrap_or_default();
        if found.len() as u64 == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn engine(server: &MongoServer) -> (MongoEngine, String) {
    let url = format!("{}/shop", server.url());
    (MongoEngine::open(MongoOptions::new(&url).unwrap()).await.unwrap(), url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_while_a_consumer_runs_is_written_again() {
    let server = MongoServer::start(&test_servers::mongodb_libraries().unwrap()).unwrap();
    let (engine, url) = engine(&server).await;
    let (warehouse, documents) = (MemoryEngine::new(), engine.documents("office"));
    publish(&warehouse, 0..20).await;
    let losing = async {
        effects(&*documents, 20).await;
        let client = mongodb::Client::with_uri_str(url).await.unwrap();
        for round in 1..=5 {
            client.database("shop").drop().await.unwrap();
            publish(&warehouse, round * 20..round * 20 + 10).await;
            publish(&warehouse, round * 20 + 10..round * 20 + 20).await;
            let mut written = Box::pin(effects(&*documents, round * 20 + 20));
            while tokio::time::timeout(WRITTEN_WITHIN, &mut written).await.is_err() {
                // This server drops one collection after the other: the consumer may have written its position and the effects between the
                // two, of which the effects are gone. One that drops a database at once leaves no such state.
                client.database("shop").drop().await.unwrap();
            }
        }
    };
    tokio::select! {
        () = consumer(&warehouse, Arc::clone(&documents)) => unreachable!("it does not end"),
        () = losing => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_without_its_data_gets_them_again() {
    let mut server = MongoServer::start(&test_servers::mongodb_libraries().unwrap()).unwrap();
    let (engine, _) = engine(&server).await;
    let (warehouse, documents) = (MemoryEngine::new(), engine.documents("office"));
    publish(&warehouse, 0..36).await;
    let losing = async {
        effects(&*documents, 36).await;
        server.restart_without_data().unwrap();
        // The lost connections are noticed by somebody else, and no error reaches the consumer.
        while documents.find(&EFFECTS, "0").await.is_err() {}
        publish(&warehouse, 36..67).await;
        effects(&*documents, 67).await;
    };
    tokio::select! {
        () = consumer(&warehouse, Arc::clone(&documents)) => unreachable!("it does not end"),
        () = losing => {}
    }
}
