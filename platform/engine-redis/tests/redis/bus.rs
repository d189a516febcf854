//! The bus: conformance on a server and on a cluster, and faults under load.

use crate::server::{share, shared, start};
use engine_redis::{RedisBus, RedisOptions};
use messaging::bus::{
    Assignment, Bus, BusMessage, GroupMember, Topic,
    conformance::{self, SHOP, assigned, messages, publish, receive_count, receive_until},
};
use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use test_servers::{RedisCluster, RedisServer, redis_program};
use tokio::task::JoinSet;

async fn open(url: &str) -> RedisBus {
    RedisBus::open(RedisOptions::new(url).unwrap()).await.expect("the server answers")
}

async fn make() -> (Arc<dyn Bus>, Arc<RedisServer>) {
    let server = shared();
    (Arc::new(open(&server.url()).await), server)
}

messaging::bus_conformance!(make);

mod on_a_cluster {
    use super::*;

    async fn make() -> (Arc<dyn Bus>, Arc<RedisCluster>) {
        static SHARED: Mutex<Weak<RedisCluster>> = Mutex::new(Weak::new());
        let cluster = share(&SHARED, || {
            RedisCluster::start(&redis_program().unwrap()).expect("the cluster starts")
        });
        (Arc::new(open(&cluster.urls()[2]).await), cluster)
    }

    messaging::bus_conformance!(make);
}

const TOPIC: Topic = Topic { shop: SHOP, source: "order-service", partitions: 1 };
const BATCH: u64 = 50;

/// Server that keeps what it has confirmed.
fn safe_server() -> RedisServer {
    let server = start();
    server.command(&["CONFIG", "SET", "appendfsync", "always"]).unwrap();
    server
}

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
struct CheckedConsumer {
    assignment: Box<dyn Assignment>,
    /// Last position that it received.
    last: u64,
}

impl CheckedConsumer {
    async fn begin(bus: &Arc<dyn Bus>) -> (Self, Box<dyn GroupMember>) {
        let mut member = bus.join("group", TOPIC).await.unwrap();
        (Self { assignment: assigned(&mut *member).await, last: 0 }, member)
    }

    /// Receives up to this position at least, and acknowledges it.
    async fn receive(&mut self, until: u64) {
        let received = receive_until(&mut *self.assignment, until).await;
        for message in received {
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
async fn a_server_that_is_killed_under_load_loses_nothing_that_it_confirmed() {
    let mut server = safe_server();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let (mut consumer, _member) = CheckedConsumer::begin(&bus).await;
    let load = load(&bus, 3_000);
    for round in 0..3 {
        consumer.receive(round * 1_000 + 300).await;
        server.kill().unwrap();
        server.run().unwrap();
        server.command(&["CONFIG", "SET", "appendfsync", "always"]).unwrap();
    }
    consumer.receive(3_000).await;
    load.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_paused_under_load_delays_and_loses_nothing() {
    let server = safe_server();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let (mut consumer, _member) = CheckedConsumer::begin(&bus).await;
    let load = load(&bus, 2_000);
    consumer.receive(300).await;
    server.pause().unwrap();
    // It does not answer.
    let waiting = tokio::time::timeout(Duration::from_secs(2), bus.join("other", TOPIC));
    assert!(waiting.await.is_err());
    server.resume().unwrap();
    consumer.receive(2_000).await;
    load.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_server_goes_on_with_what_comes_then() {
    let server = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let (mut consumer, _member) = CheckedConsumer::begin(&bus).await;
    publish(&bus, TOPIC, &messages(TOPIC, 1..51)).await;
    consumer.receive(50).await;
    server.command(&["FLUSHALL"]).unwrap();
    publish(&bus, TOPIC, &messages(TOPIC, 51..101)).await;
    consumer.receive(100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_trimmed_and_who_is_behind_sees_the_gap() {
    let server = start();
    let bus = open(&server.url()).await.with_stream_messages_max(100);
    let bus: Arc<dyn Bus> = Arc::new(bus);
    publish(&bus, TOPIC, &messages(TOPIC, 1..2_001)).await;
    let length: usize = server
        .command(&["XLEN", "{icommerce:bus:7468652073686f70.order-service.1}:0"])
        .unwrap()
        .parse()
        .unwrap();
    assert!((100..500).contains(&length), "{length}");
    let mut member = bus.join("group", TOPIC).await.unwrap();
    let mut assignment = assigned(&mut *member).await;
    let received = receive_until(&mut *assignment, 2_000).await;
    assert_eq!(received.len(), length);
    assert!(received[0].previous > 1, "it names the one before, which is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_are_stuck_with_a_member_that_is_gone_are_claimed() {
    let server = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    publish(&bus, TOPIC, &messages(TOPIC, 1..101)).await;
    let stream = "{icommerce:bus:7468652073686f70.order-service.1}:0";
    server.command(&["XGROUP", "CREATE", stream, "group", "0"]).unwrap();
    let read = ["XREADGROUP", "GROUP", "group", "gone", "COUNT", "60", "STREAMS", stream, ">"];
    server.command(&read).unwrap();
    // It had the lease as well, which is not renewed any more.
    let lease = "{icommerce:bus:7468652073686f70.order-service.1}:lease:group:0";
    server.command(&["SET", lease, "gone", "PX", "1500"]).unwrap();
    let (mut consumer, member) = CheckedConsumer::begin(&bus).await;
    consumer.receive(100).await;
    drop((consumer, member));
    let (mut consumer, _member) = CheckedConsumer::begin(&bus).await;
    publish(&bus, TOPIC, &messages(TOPIC, 101..102)).await;
    consumer.last = 100;
    consumer.receive(101).await;
    let consumers = server.command(&["XINFO", "CONSUMERS", stream, "group"]).unwrap();
    assert!(!consumers.contains("gone"), "{consumers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_keeps_its_partition_without_a_broker() {
    let mut server = safe_server();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let run = |runs| if runs { server.run().unwrap() } else { server.kill().unwrap() };
    conformance::a_member_keeps_its_partition_without_a_broker(bus, run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_a_batch_is_told_in_one_sentence() {
    let server = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let refusal = async || {
        let refused = bus.publish(TOPIC, &messages(TOPIC, 1..500)).await.unwrap_err().to_string();
        assert!(refused.contains("499 commands failed") && refused.len() < 400, "{refused}");
        refused
    };
    let stream = "{icommerce:bus:7468652073686f70.order-service.1}:0";
    server.command(&["SET", stream, "no stream"]).unwrap();
    assert!(refusal().await.contains("WRONGTYPE"));
    server.command(&["DEL", stream]).unwrap();
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    assert!(refusal().await.contains("OOM"));
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    publish(&bus, TOPIC, &messages(TOPIC, 1..500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_somebody_else_are_acknowledged_as_well() {
    let server = start();
    let bus: Arc<dyn Bus> = Arc::new(open(&server.url()).await);
    let stream = "{icommerce:bus:7468652073686f70.order-service.1}:0";
    let mut member = bus.join("group", TOPIC).await.unwrap();
    let mut assignment = assigned(&mut *member).await;
    let last = u64::MAX.to_string();
    server.command(&["XADD", stream, "*", "position", &last, "event", "{}"]).unwrap();
    server.command(&["XADD", stream, "*", "anything", "else"]).unwrap();
    publish(&bus, TOPIC, &messages(TOPIC, 1..11)).await;
    let received = receive_count(&mut *assignment, 12).await;
    assert_eq!(received[0], BusMessage::foreign(0));
    assert_eq!(received[2..], messages(TOPIC, 1..11));
    assignment.acknowledge(12);
    drop((assignment, member));
    let (mut consumer, _member) = CheckedConsumer::begin(&bus).await;
    publish(&bus, TOPIC, &messages(TOPIC, 11..12)).await;
    consumer.last = 10;
    consumer.receive(11).await;
    let pending = server.command(&["XPENDING", stream, "group"]).unwrap();
    let pending: u64 = pending.lines().next().unwrap().parse().unwrap();
    assert!(pending <= 1, "the last message alone may not be acknowledged yet: {pending}");
}
