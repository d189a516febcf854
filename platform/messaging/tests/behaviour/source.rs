//! A source with a journal, ways to it that misbehave, and a handler that keeps a ledger.

use async_trait::async_trait;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::{Append, AppendError, NewEvent, RecordedEvent, ServiceStorage};
use kernel::{Ids, ManualClock, Randomness, SeededRandomness, Timestamp, Uuid};
use messaging::{Consumer, ConsumerParts, EventData, Feed, Handler, HandlerError, Message};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use storage::{Collection, Document, Query, Write};
use telemetry::{Health, Metrics};
use transport::{Channel, Request, Response, Transport, TransportError};
use web::{ApiRouter, Limits, ServiceParts};

pub(crate) const SOURCE: &str = "warehouse";
pub(crate) const READER: &str = "office";
pub(crate) const GROUP: &str = "ledger";

static LEDGER: Collection =
    Collection { name: "ledger", indexes: &[storage::Index { name: "all", fields: &["attempt"] }] };

pub(crate) fn ids(seed: u64) -> Ids {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    Ids::new(Arc::new(ManualClock::at(start)), Arc::new(SeededRandomness::new(seed)))
}

/// The way to a service of these routes.
pub(crate) fn service(name: &'static str, routes: ApiRouter) -> Channel {
    let parts = ServiceParts {
        metrics: Metrics::new(),
        ids: ids(1),
        idempotency: None,
        limits: Limits::default(),
    };
    transport::loopback(name, web::service(name, routes, parts).router)
}

/// The way to the source's feed.
pub(crate) fn feed(engine: &MemoryEngine) -> Channel {
    let journal = engine.service(SOURCE).journal;
    service(SOURCE, messaging::feed_routes(SOURCE, journal, translate))
}

fn translate(event: &RecordedEvent) -> Option<EventData> {
    let data: Option<Json> =
        (event.name == "told").then(|| serde_json::from_slice(&event.data).unwrap());
    data.map(|data| EventData::of(&data).unwrap())
}

/// The number a message tells.
pub(crate) fn number(message: &Message) -> Option<u64> {
    message.data.read::<Json>().unwrap()["number"].as_u64()
}

/// The source tells `number` about `subject`.
pub(crate) async fn tell(engine: &MemoryEngine, subject: &str, number: u64) {
    append(engine, subject, "told", number).await;
}

/// Something happens at the source that concerns nobody else.
pub(crate) async fn keep_quiet(engine: &MemoryEngine, subject: &str, number: u64) {
    append(engine, subject, "kept", number).await;
}

async fn append(engine: &MemoryEngine, subject: &str, name: &'static str, number: u64) {
    let journal = engine.service(SOURCE).journal;
    let event = NewEvent {
        id: Uuid::new_v5(&Uuid::nil(), format!("{subject}{number}").as_bytes()),
        name,
        data: Bytes::from(json!({"type": "numbered_v2", "number": number}).to_string()),
        recorded_at: Timestamp::UNIX_EPOCH,
    };
    let stream = subject.to_owned();
    let mut append = Append { stream, expected: 0, events: vec![event], writes: Vec::new() };
    while let Err(AppendError::Conflict { actual }) = journal.append(append.clone()).await {
        append.expected = actual;
    }
}

/// What the handler is to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Poison,
    Retry,
    Panic,
    TooLarge,
}

/// A handler whose every attempt leaves an entry of its own, so that an effect that came twice is seen.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    moods: Mutex<HashMap<(String, u64), Mood>>,
    attempts: Mutex<Vec<(String, u64)>>,
}

impl Ledger {
    pub(crate) fn mood(&self, subject: &str, number: u64, mood: Option<Mood>) {
        let mut moods = self.moods.lock().unwrap();
        match mood {
            Some(mood) => moods.insert((subject.to_owned(), number), mood),
            None => moods.remove(&(subject.to_owned(), number)),
        };
    }

    /// Everything that was tried, in order.
    pub(crate) fn attempts(&self) -> Vec<(String, u64)> {
        self.attempts.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Ledger {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        let entry = (message.subject.clone(), number(message).unwrap());
        let mood = self.moods.lock().unwrap().get(&entry).copied();
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            attempts.push(entry.clone());
            attempts.len()
        };
        let body = match mood {
            None => serde_json::to_vec(&entry).unwrap(),
            Some(Mood::TooLarge) => vec![0; storage::RECORD_BYTES_MAX + 1],
            Some(Mood::Poison) => return Err(HandlerError::Poison("it makes no sense".to_owned())),
            Some(Mood::Retry) => return Err(HandlerError::Retry("not yet".to_owned())),
            Some(Mood::Panic) => panic!("a handler that breaks"),
        };
        let attempt_number = storage::FieldValue::Integer(i64::try_from(attempt).unwrap());
        let fields = vec![("attempt", attempt_number)];
        // Another attempt is another key, in every life of the process.
        let key = format!("{:p}-{attempt}", std::ptr::from_ref(self));
        let document = Document { key, body: body.into(), fields };
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

pub(crate) fn books(expected: &[(&str, &[u64])]) -> BTreeMap<String, Vec<u64>> {
    expected.iter().map(|(subject, numbers)| ((*subject).to_owned(), numbers.to_vec())).collect()
}

pub(crate) fn reader(engine: &MemoryEngine) -> ServiceStorage {
    engine.service(READER)
}

/// A consumer of this engine's source, over any way.
pub(crate) fn consumer_over(
    engine: &MemoryEngine,
    transport: Channel,
    ledger: &Arc<Ledger>,
) -> Consumer {
    consumer_of(parts(engine, transport), ledger)
}

pub(crate) fn consumer_of(parts: ConsumerParts, ledger: &Arc<Ledger>) -> Consumer {
    Consumer::new(parts, Arc::<Ledger>::clone(ledger))
}

pub(crate) fn parts(engine: &MemoryEngine, transport: Channel) -> ConsumerParts {
    ConsumerParts {
        group: GROUP,
        source: SOURCE,
        transport,
        storage: reader(engine),
        ids: ids(2),
        metrics: Metrics::new(),
        health: Health::new(),
    }
}

pub(crate) fn consumer(engine: &MemoryEngine, ledger: &Arc<Ledger>) -> Consumer {
    consumer_over(engine, feed(engine), ledger)
}

/// A way on which everything comes at least twice, and subjects overtake each other.
pub(crate) struct Careless {
    honest: Channel,
    randomness: SeededRandomness,
}

impl Careless {
    pub(crate) fn over(honest: Channel, seed: u64) -> Channel {
        Channel::new(Self { honest, randomness: SeededRandomness::new(seed) })
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.randomness.below(bound as u64)).unwrap()
    }

    /// Every message twice, and subjects in any order; only within a subject the order stays.
    fn mix(&self, messages: &[Message]) -> Vec<Message> {
        let mut subjects: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in messages.iter().chain(messages) {
            subjects.entry(message.subject.clone()).or_default().push(message.clone());
        }
        let mut queues: Vec<_> = subjects.into_values().map(Vec::into_iter).collect();
        let mut mixed = Vec::new();
        while !queues.is_empty() {
            let queue = self.below(queues.len());
            match queues[queue].next() {
                Some(message) => mixed.push(message),
                None => drop(queues.remove(queue)),
            }
        }
        mixed
    }
}

#[async_trait]
impl Transport for Careless {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let query = request.uri().query().unwrap().to_owned();
        let after: u64 =
            query.split('&').find_map(|pair| pair.strip_prefix("after=")).unwrap().parse().unwrap();
        // A source that has forgotten how far it was asked for begins somewhere before.
        let earlier = self.randomness.below(after + 1);
        let path = format!("{}?after={earlier}&wait_ms=0", request.uri().path());
        let request = http::Request::get(path).body(Bytes::new()).unwrap();
        let answer = self.honest.send(request).await?;
        let (head, body) = answer.into_parts();
        let mut feed: Feed = serde_json::from_slice(&body).unwrap();
        feed.messages = self.mix(&feed.messages);
        Ok(Response::from_parts(head, serde_json::to_vec(&feed).unwrap().into()))
    }
}
