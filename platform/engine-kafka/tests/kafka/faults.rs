//! Brokers that are killed, paused and started again under load, with a relay and consumers: every message takes effect once and in
//! the order of its subject.

use async_trait::async_trait;
use engine_kafka::{KafkaBus, KafkaOptions};
use engine_memory::MemoryEngine;
use journal::{Append, AppendError, NewEvent, TypedEvent};
use kernel::{Ids, SystemClock, SystemRandomness, Timestamp, Uuid};
use messaging::{
    ConsumerParts, Feed, FeedEvent, Handler, HandlerError, JournalFeed, Message,
    bus::{Bus, BusKey, GroupConsumer, PartitionedBus, Relay, RelayParts, Topic, conformance},
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{Collection, Document, Write};
use telemetry::{Health, Metrics};
use test_servers::{KafkaCluster, KafkaServer, kafka_libraries};
use tokio::{task::JoinSet, time::sleep};

const SOURCE: &str = "meter-service";
const PARTITIONS: u32 = 4;
const SUBJECTS: u64 = 7;
/// Time within which everything has arrived.
const ARRIVED_WITHIN: Duration = Duration::from_mins(3);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MeterEvent {
    ReadingTaken { number: u64 },
}

impl FeedEvent for MeterEvent {
    const SOURCE: &'static str = SOURCE;
    const TYPES: &'static [&'static str] = &["reading_taken"];
}

static READINGS: Collection = Collection { name: "readings", indexes: &[] };

/// Handler that notes what it is given, in its order.
#[derive(Debug, Default)]
struct Readings(Mutex<BTreeMap<String, Vec<u64>>>);

#[async_trait]
impl Handler<MeterEvent> for Readings {
    async fn handle(&self, message: &Message<MeterEvent>) -> Result<Vec<Write>, HandlerError> {
        let MeterEvent::ReadingTaken { number } = message.event;
        self.0.lock().entry(message.subject.clone()).or_default().push(number);
        let body = number.to_string().into();
        let document = Document { key: message.subject.clone(), body, fields: Vec::new() };
        Ok(vec![Write::Put { collection: &READINGS, document }])
    }
}

/// A source and its consumers, with brokers between them.
struct Metering {
    engine: MemoryEngine,
    readings: Arc<Readings>,
    running: JoinSet<()>,
}

impl Metering {
    async fn start(url: &str) -> Self {
        let mut this =
            Self { engine: MemoryEngine::new(), readings: Arc::default(), running: JoinSet::new() };
        let bus = this.bus(url, "relay").await;
        let parts = RelayParts {
            bus,
            storage: this.engine.service(SOURCE),
            ids: ids(),
            metrics: Metrics::new(),
            health: Health::new(),
        };
        this.running.spawn(Relay::new(parts, this.feed()).run());
        this
    }

    async fn bus(&self, url: &str, instance: &str) -> PartitionedBus {
        let mut options = KafkaOptions::new(url).unwrap();
        options.instance = Some(instance.to_owned());
        options.confirm_timeout = Duration::from_secs(5);
        let engine = KafkaBus::connect(options).await.unwrap();
        PartitionedBus::new(Arc::new(engine), PARTITIONS, BusKey::new(b"the key of the shop"))
    }

    fn feed(&self) -> Arc<dyn Feed<MeterEvent>> {
        let journal = self.engine.service(SOURCE).journal;
        Arc::new(JournalFeed::new(journal, |event: &journal::RecordedEvent| {
            Ok(serde_json::from_slice(&event.data).ok())
        }))
    }

    async fn consumer(&self, url: &str, instance: &str) -> GroupConsumer<MeterEvent> {
        let parts = ConsumerParts {
            group: "readings",
            storage: self.engine.service("chart-service"),
            ids: ids(),
            metrics: Metrics::new(),
            health: Health::new(),
        };
        let handler = Arc::<Readings>::clone(&self.readings);
        let group = "chart-service.readings".to_owned();
        GroupConsumer::new(self.bus(url, instance).await, group, parts, self.feed(), handler)
    }

    async fn append(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            append(&self.engine, number).await;
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits for the effects of all numbers below this, and checks that each came once and in its order.
    async fn assert_effects(&self, end: u64) {
        let begun = tokio::time::Instant::now();
        let count = || self.readings.0.lock().values().map(Vec::len).sum::<usize>();
        while count() < usize::try_from(end).unwrap() {
            assert!(begun.elapsed() < ARRIVED_WITHIN, "{} of {end} arrived", count());
            sleep(Duration::from_millis(50)).await;
        }
        let mut expected: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for number in 0..end {
            expected.entry(format!("meter-{}", number % SUBJECTS)).or_default().push(number);
        }
        assert_eq!(*self.readings.0.lock(), expected);
    }
}

fn ids() -> Ids {
    Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness))
}

async fn append(engine: &MemoryEngine, number: u64) {
    let journal = engine.service(SOURCE).journal;
    let event = NewEvent {
        id: Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes()),
        name: "taken",
        data: serde_json::to_vec(&MeterEvent::ReadingTaken { number }).unwrap().into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: TypedEvent::default(),
        personal: None,
    };
    let stream = format!("meter-{}", number % SUBJECTS);
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

fn server() -> KafkaServer {
    KafkaServer::start(&kafka_libraries().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_confirmed_is_there_after_a_kill() {
    let mut server = server();
    let mut options = KafkaOptions::new(&server.url()).unwrap();
    options.instance = Some("test".to_owned());
    let bus: Arc<dyn Bus> = Arc::new(KafkaBus::connect(options).await.unwrap());
    let topic = Topic { shop: conformance::SHOP, source: SOURCE, partitions: 1 };
    let published = conformance::messages(topic, 1..200);
    conformance::publish(&bus, topic, &published).await;
    server.restart().unwrap();
    let mut member = bus.join("readings", topic).await.unwrap();
    let mut assignment = conformance::assigned(&mut *member).await;
    assert_eq!(conformance::receive_until(&mut *assignment, 199).await, published);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_broker_that_is_killed_and_started_again_under_load_loses_and_doubles_nothing() {
    let mut server = server();
    let mut world = Metering::start(&server.url()).await;
    let consumer = world.consumer(&server.url(), "one").await;
    world.running.spawn(consumer.run());
    world.append(0..300).await;
    for round in 1..=3 {
        server.kill().unwrap();
        world.append(round * 300..round * 300 + 200).await;
        server.run().unwrap();
        world.append(round * 300 + 200..round * 300 + 300).await;
    }
    world.assert_effects(1_200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_of_three_brokers_confirm_messages_and_have_those_that_the_third_had() {
    let mut cluster = KafkaCluster::start(&kafka_libraries().unwrap()).unwrap();
    let mut options = KafkaOptions::new(&cluster.url()).unwrap();
    options.instance = Some("test".to_owned());
    let bus: Arc<dyn Bus> = Arc::new(KafkaBus::connect(options).await.unwrap());
    let topic = Topic { shop: conformance::SHOP, source: SOURCE, partitions: 1 };
    let published = conformance::messages(topic, 1..400);
    let (before, after) = published.split_at(200);
    conformance::publish(&bus, topic, before).await;
    cluster.nodes()[0].kill().unwrap();
    conformance::publish(&bus, topic, after).await;
    let mut member = bus.join("readings", topic).await.unwrap();
    let mut assignment = conformance::assigned(&mut *member).await;
    assert_eq!(conformance::receive_until(&mut *assignment, 399).await, published);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_three_brokers_may_be_killed_under_load_and_nothing_is_lost_or_doubled() {
    let mut cluster = KafkaCluster::start(&kafka_libraries().unwrap()).unwrap();
    let mut world = Metering::start(&cluster.url()).await;
    let consumer = world.consumer(&cluster.url(), "one").await;
    world.running.spawn(consumer.run());
    world.append(0..300).await;
    world.assert_effects(300).await;
    for round in 1..=3 {
        let killed = usize::try_from(round - 1).unwrap();
        cluster.nodes()[killed].kill().unwrap();
        // Two brokers go on.
        world.append(round * 300..round * 300 + 200).await;
        world.assert_effects(round * 300 + 200).await;
        cluster.nodes()[killed].run().unwrap();
        world.append(round * 300 + 200..round * 300 + 300).await;
        world.assert_effects(round * 300 + 300).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_member_keeps_its_partition_without_a_broker() {
    let mut server = server();
    let mut options = KafkaOptions::new(&server.url()).unwrap();
    options.instance = Some("test".to_owned());
    let bus: Arc<dyn Bus> = Arc::new(KafkaBus::connect(options).await.unwrap());
    let run = |runs| if runs { server.run().unwrap() } else { server.kill().unwrap() };
    conformance::a_member_keeps_its_partition_without_a_broker(bus, run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consumers_read_the_feed_for_as_long_as_the_broker_is_killed() {
    let mut server = server();
    let mut world = Metering::start(&server.url()).await;
    let consumer = world.consumer(&server.url(), "one").await;
    world.running.spawn(consumer.run());
    world.append(0..300).await;
    world.assert_effects(300).await;
    server.kill().unwrap();
    let mut count = 300;
    // Three sessions of a member.
    for _ in 0..7 {
        sleep(Duration::from_secs(5)).await;
        world.append(count..count + 20).await;
        count += 20;
        world.assert_effects(count).await;
    }
    server.run().unwrap();
    world.append(count..count + 200).await;
    world.assert_effects(count + 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_broker_that_is_paused_delays_messages_and_loses_none() {
    let server = server();
    let mut world = Metering::start(&server.url()).await;
    let consumer = world.consumer(&server.url(), "one").await;
    world.running.spawn(consumer.run());
    world.append(0..300).await;
    world.assert_effects(300).await;
    server.pause().unwrap();
    world.append(300..600).await;
    // Longer than the relay waits for a confirmation.
    sleep(Duration::from_secs(8)).await;
    server.resume().unwrap();
    world.append(600..700).await;
    world.assert_effects(700).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_that_come_and_go_under_load_lose_and_double_nothing() {
    let url = KafkaServer::shared_url().unwrap();
    let mut world = Metering::start(&url).await;
    let first = world.consumer(&url, "one").await;
    world.running.spawn(first.run());
    world.append(0..200).await;
    let second = world.consumer(&url, "two").await;
    let second = world.running.spawn(second.run());
    world.append(200..1_500).await;
    second.abort();
    world.append(1_500..2_000).await;
    world.assert_effects(2_000).await;
}
