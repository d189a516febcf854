//! Faults of the broker under load.

use crate::broker::{open, start};
use lapin::{Connection, ConnectionProperties, options::ExchangeDeleteOptions};
use messaging::bus::{
    Assignment, Bus, GroupMember, Topic,
    conformance::{self, SHOP, WAIT_MAX, assigned, messages, publish, receive_until},
};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};

const TOPIC: Topic = Topic { shop: SHOP, source: "order-service", partitions: 1 };
const GROUP: &str = "group";
const BATCH: u64 = 50;

/// Publishes batches up to this position, again where the broker did not confirm.
fn load(bus: &Arc<dyn Bus>, last: u64) -> JoinSet<()> {
    let bus = Arc::clone(bus);
    let mut load = JoinSet::new();
    load.spawn(async move {
        for first in (1..=last).step_by(usize::try_from(BATCH).unwrap()) {
            publish(&bus, TOPIC, &messages(TOPIC, first..first + BATCH)).await;
        }
    });
    load
}

/// Consumer of a partition, which misses nothing.
struct GaplessConsumer {
    assignment: Box<dyn Assignment>,
    /// Last position that it received.
    last: u64,
}

impl GaplessConsumer {
    async fn begin(bus: &Arc<dyn Bus>) -> (Self, Box<dyn GroupMember>) {
        let deadline = Instant::now() + WAIT_MAX;
        let mut member = loop {
            match bus.join(GROUP, TOPIC).await {
                Ok(member) => break member,
                Err(error) => assert!(Instant::now() < deadline, "not joined: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        (Self { assignment: assigned(&mut *member).await, last: 0 }, member)
    }

    /// Receives up to this position at least, and acknowledges it.
    async fn receive(&mut self, until: u64) {
        for message in receive_until(&mut *self.assignment, until).await {
            // Repeats are allowed.
            if message.position > self.last {
                assert_eq!(message.position, self.last + 1);
                self.last = message.position;
            }
        }
        self.assignment.acknowledge(self.last);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_under_load_loses_nothing_that_it_confirmed() {
    let mut broker = start();
    let rabbit = open(&broker.url()).await;
    rabbit.declare_group(GROUP, TOPIC).await.unwrap();
    // A node writes the names of its quorum queues seconds after they are declared. Killed before that, it has lost the queue, and not
    // only its messages; stopped in good order it has them.
    broker.stop().unwrap();
    broker.run().unwrap();
    let bus: Arc<dyn Bus> = Arc::new(rabbit);
    let (mut consumer, _member) = GaplessConsumer::begin(&bus).await;
    let load = load(&bus, 2_000);
    for round in 0..2 {
        consumer.receive(round * 1_000 + 300).await;
        broker.kill().unwrap();
        broker.run().unwrap();
    }
    consumer.receive(2_000).await;
    load.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_keeps_its_partition_without_a_broker() {
    let mut broker = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&broker.url()).await);
    let run = |runs| if runs { broker.run().unwrap() } else { broker.stop().unwrap() };
    conformance::a_member_keeps_its_partition_without_a_broker(bus, run).await;
}

/// Deletes the exchange of a topic, with its bindings.
async fn delete_exchange(url: &str, topic: Topic) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let (exchange, options) = (format!("icommerce.{topic}"), ExchangeDeleteOptions::default());
    channel.exchange_delete(exchange.into(), options).await.unwrap();
    connection.close(200, "OK".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queues_of_an_exchange_that_somebody_deleted_are_bound_again() {
    let broker = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&broker.url()).await);
    let (mut consumer, _member) = GaplessConsumer::begin(&bus).await;
    publish(&bus, TOPIC, &messages(TOPIC, 1..11)).await;
    consumer.receive(10).await;
    delete_exchange(&broker.url(), TOPIC).await;
    // The relay declares the exchange. What it publishes before the queues are bound goes nowhere, and is read from the feed.
    let publishing = async {
        for position in 11.. {
            publish(&bus, TOPIC, &messages(TOPIC, position..position + 1)).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let first = tokio::select! {
        () = publishing => unreachable!("it goes on"),
        received = receive_until(&mut *consumer.assignment, 11) => received,
    };
    let last = first.last().map(|message| message.position).unwrap();
    publish(&bus, TOPIC, &messages(TOPIC, last + 1_000..last + 1_010)).await;
    let received = receive_until(&mut *consumer.assignment, last + 1_009).await;
    let of_batch = received.iter().filter(|message| message.position >= last + 1_000);
    assert_eq!(of_batch.count(), 10, "nothing is left out any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_paused_under_load_delays_and_loses_nothing() {
    let broker = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&broker.url()).await);
    let (mut consumer, _member) = GaplessConsumer::begin(&bus).await;
    let load = load(&bus, 2_000);
    consumer.receive(300).await;
    broker.pause().unwrap();
    // It does not answer.
    let waiting = tokio::time::timeout(Duration::from_secs(2), bus.join("other", TOPIC));
    assert!(waiting.await.is_err());
    broker.resume().unwrap();
    consumer.receive(2_000).await;
    load.join_all().await;
}
