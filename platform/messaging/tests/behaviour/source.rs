//! A source with a journal, faulty feeds, and a handler that records its messages.

use async_trait::async_trait;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::{Append, AppendError, DecodeError, NewEvent, RecordedEvent, ServiceStorage};
use kernel::{Ids, ManualClock, Randomness, SeededRandomness, Timestamp, Uuid};
use messaging::{
    CloudEvent, Consumer, ConsumerParts, Feed, FeedEvent, FeedPage, Handler, HandlerError,
    JournalFeed, Message,
};
use rpc::{CallError, Contract, Guard, GuardParts};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};
use storage::{Collection, Document, Query, Write};
use telemetry::{Health, Metrics};
use transport::Channel;
use web::{ApiRouter, Limits, ServiceParts};

/// Event of the source's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum WarehouseEvent {
    NumberedV2 { number: u64 },
}

impl FeedEvent for WarehouseEvent {
    const SOURCE: &'static str = SOURCE;
    const TYPES: &'static [&'static str] = &["numbered_v2"];
}

pub(crate) type WarehouseFeed = Arc<dyn Feed<WarehouseEvent>>;

pub(crate) const SOURCE: &str = "warehouse";
pub(crate) const READER: &str = "office";
pub(crate) const GROUP: &str = "ledger";

static LEDGER: Collection =
    Collection { name: "ledger", indexes: &[storage::Index { name: "all", fields: &["attempt"] }] };

pub(crate) fn ids(seed: u64) -> Ids {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    Ids::new(Arc::new(ManualClock::at(start)), Arc::new(SeededRandomness::new(seed)))
}

/// A channel to a service of these routes.
pub(crate) fn service(name: &'static str, routes: ApiRouter) -> Channel {
    transport::loopback(name, web::service(name, routes, service_parts()).router)
}

fn service_parts() -> ServiceParts {
    ServiceParts {
        metrics: Metrics::new(),
        ids: ids(1),
        idempotency: None,
        limits: Limits::default(),
    }
}

/// The source's feed, with typed values.
pub(crate) fn feed(engine: &MemoryEngine) -> WarehouseFeed {
    let feed: WarehouseFeed = Arc::new(JournalFeed::new(engine.service(SOURCE).journal, translate));
    let parts = GuardParts { metrics: Metrics::new(), ids: ids(3), calls_max: 8 };
    let guard = Guard::of::<dyn Feed<WarehouseEvent>>(parts);
    Contract::guarded(feed, guard)
}

/// A channel to the source's feed.
pub(crate) fn feed_channel(engine: &MemoryEngine) -> Channel {
    let service = web::service(SOURCE, ApiRouter::new(), service_parts());
    let service = service.with_endpoints(rpc::endpoints(&feed(engine)), &ids(4));
    transport::loopback(SOURCE, service.router)
}

/// The source's feed, over the wire.
pub(crate) fn feed_over_the_wire(engine: &MemoryEngine) -> WarehouseFeed {
    <dyn Feed<WarehouseEvent> as Contract>::client(feed_channel(engine))
}

fn translate(event: &RecordedEvent) -> Result<Option<WarehouseEvent>, DecodeError> {
    let decode = |event: &RecordedEvent| {
        serde_json::from_slice(&event.data).map_err(|error| DecodeError {
            name: event.name.clone(),
            position: event.position,
            reason: error.to_string(),
        })
    };
    (event.name == "published").then(|| decode(event)).transpose()
}

/// The number in a message.
pub(crate) fn number(message: &Message<WarehouseEvent>) -> u64 {
    let WarehouseEvent::NumberedV2 { number } = message.event;
    number
}

/// The number in a parked message.
pub(crate) fn parked_number(written: &CloudEvent) -> u64 {
    number(&Message::from_cloud_event(written).unwrap())
}

/// Appends an event with `number` that the feed contains.
pub(crate) async fn publish(engine: &MemoryEngine, subject: &str, number: u64) {
    append(engine, subject, "published", number).await;
}

/// Appends an event that the feed leaves out.
pub(crate) async fn append_internal(engine: &MemoryEngine, subject: &str, number: u64) {
    append(engine, subject, "internal", number).await;
}

async fn append(engine: &MemoryEngine, subject: &str, name: &'static str, number: u64) {
    let journal = engine.service(SOURCE).journal;
    let event = NewEvent {
        id: Uuid::new_v5(&Uuid::nil(), format!("{subject}{number}").as_bytes()),
        name,
        data: Bytes::from(json!({"type": "numbered_v2", "number": number}).to_string()),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let stream = subject.to_owned();
    let mut append = Append {
        stream,
        expected: 0,
        events: vec![event],
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    while let Err(AppendError::Conflict { actual }) = journal.append(append.clone()).await {
        append.expected = actual;
    }
}

/// What the handler is to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InjectedFailure {
    Poison,
    Retry,
    Panic,
    TooLarge,
}

/// A handler whose every attempt leaves an entry of its own, so that an effect that came twice is seen.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    failures: Mutex<HashMap<(String, u64), InjectedFailure>>,
    attempts: Mutex<Vec<(String, u64)>>,
}

impl Ledger {
    pub(crate) fn inject(&self, subject: &str, number: u64, failure: Option<InjectedFailure>) {
        let mut failures = self.failures.lock().unwrap();
        match failure {
            Some(failure) => failures.insert((subject.to_owned(), number), failure),
            None => failures.remove(&(subject.to_owned(), number)),
        };
    }

    /// Everything that was tried, in order.
    pub(crate) fn attempts(&self) -> Vec<(String, u64)> {
        self.attempts.lock().unwrap().clone()
    }
}

/// Number of the next attempt: it is another key, and comes after all before it, in every life of the process.
static ATTEMPTS: AtomicI64 = AtomicI64::new(0);

#[async_trait]
impl Handler<WarehouseEvent> for Ledger {
    async fn handle(&self, message: &Message<WarehouseEvent>) -> Result<Vec<Write>, HandlerError> {
        let entry = (message.subject.clone(), number(message));
        let failure = self.failures.lock().unwrap().get(&entry).copied();
        self.attempts.lock().unwrap().push(entry.clone());
        let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        let body = match failure {
            None => serde_json::to_vec(&entry).unwrap(),
            Some(InjectedFailure::TooLarge) => vec![0; storage::RECORD_BYTES_MAX + 1],
            Some(InjectedFailure::Poison) => {
                return Err(HandlerError::Poison("it makes no sense".to_owned()));
            }
            Some(InjectedFailure::Retry) => return Err(HandlerError::Retry("not yet".to_owned())),
            Some(InjectedFailure::Panic) => panic!("a handler that breaks"),
        };
        let fields = vec![("attempt", storage::FieldValue::Integer(attempt))];
        let document = Document { key: attempt.to_string(), body: body.into(), fields };
        Ok(vec![Write::Put { collection: &LEDGER, document }])
    }
}

/// What is in the ledger: of each subject its numbers, in the order in which they came.
pub(crate) async fn entries(engine: &MemoryEngine) -> BTreeMap<String, Vec<u64>> {
    let documents = engine.service(READER).documents;
    let mut entries: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut query = Query::all("all", 1_000);
    loop {
        let found = documents.query(&LEDGER, query.clone()).await.unwrap();
        for stored in found.documents {
            let (subject, number) = serde_json::from_slice(&stored.body).unwrap();
            entries.entry(subject).or_default().push(number);
        }
        query.after = found.next;
        if query.after.is_none() {
            return entries;
        }
    }
}

pub(crate) fn expected_entries(expected: &[(&str, &[u64])]) -> BTreeMap<String, Vec<u64>> {
    expected.iter().map(|(subject, numbers)| ((*subject).to_owned(), numbers.to_vec())).collect()
}

pub(crate) fn reader(engine: &MemoryEngine) -> ServiceStorage {
    engine.service(READER)
}

/// A consumer of this feed, which keeps its progress on this engine.
pub(crate) fn consumer_over(
    engine: &MemoryEngine,
    feed: WarehouseFeed,
    ledger: &Arc<Ledger>,
) -> Consumer<WarehouseEvent> {
    consumer_of(parts(engine), feed, ledger)
}

pub(crate) fn consumer_of(
    parts: ConsumerParts,
    feed: WarehouseFeed,
    ledger: &Arc<Ledger>,
) -> Consumer<WarehouseEvent> {
    Consumer::new(parts, feed, Arc::<Ledger>::clone(ledger))
}

pub(crate) fn parts(engine: &MemoryEngine) -> ConsumerParts {
    ConsumerParts {
        group: GROUP,
        storage: reader(engine),
        ids: ids(2),
        metrics: Metrics::new(),
        health: Health::new(),
    }
}

pub(crate) fn consumer(engine: &MemoryEngine, ledger: &Arc<Ledger>) -> Consumer<WarehouseEvent> {
    consumer_over(engine, feed(engine), ledger)
}

/// A feed in which everything comes at least twice, and subjects overtake each other.
#[derive(Debug)]
pub(crate) struct ShuffledFeed {
    feed: WarehouseFeed,
    randomness: SeededRandomness,
}

impl ShuffledFeed {
    pub(crate) fn over(feed: WarehouseFeed, seed: u64) -> WarehouseFeed {
        Arc::new(Self { feed, randomness: SeededRandomness::new(seed) })
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.randomness.below(bound as u64)).unwrap()
    }

    /// Every message twice, and subjects in any order; only within a subject the order stays.
    fn shuffle(&self, messages: &[Message<WarehouseEvent>]) -> Vec<Message<WarehouseEvent>> {
        let mut subjects: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for message in messages.iter().chain(messages) {
            subjects.entry(message.subject.clone()).or_default().push(message.clone());
        }
        let mut queues: Vec<_> = subjects.into_values().map(Vec::into_iter).collect();
        let mut shuffled = Vec::new();
        while !queues.is_empty() {
            let queue = self.below(queues.len());
            match queues[queue].next() {
                Some(message) => shuffled.push(message),
                None => drop(queues.remove(queue)),
            }
        }
        shuffled
    }
}

#[async_trait]
impl Feed<WarehouseEvent> for ShuffledFeed {
    async fn pull(
        &self,
        after: u64,
        _: u64,
        _: Option<Uuid>,
    ) -> Result<FeedPage<WarehouseEvent>, CallError> {
        // A source that has forgotten how far it was asked for begins somewhere before.
        let earlier = self.randomness.below(after + 1);
        let mut page = self.feed.pull(earlier, 0, None).await?;
        page.messages = self.shuffle(&page.messages);
        Ok(page)
    }
}
