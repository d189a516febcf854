//! Network partition: of two members of a group, one is cut off from the broker that the other one reaches.

use engine_kafka::{KafkaBus, KafkaOptions};
use messaging::bus::{
    Bus, BusError, Topic,
    conformance::{SHOP, WAIT_MAX, assigned, messages, publish, receive_until},
};
use std::sync::Arc;
use test_servers::{KafkaServer, ToxiproxyServer, kafka_libraries, toxiproxy_program};
use tokio::time::timeout;

const TOPIC: Topic = Topic { shop: SHOP, source: "meter-service", partitions: 1 };
const GROUP: &str = "readings";
/// Upstream of a proxy before its server is there.
const NOWHERE: &str = "127.0.0.1:1";

async fn connect(url: &str, instance: &str) -> Arc<dyn Bus> {
    let mut options = KafkaOptions::new(url).unwrap();
    options.instance = Some(instance.to_owned());
    Arc::new(KafkaBus::connect(options).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_member_that_is_cut_off_keeps_its_partition_until_it_learns_who_has_it() {
    let toxiproxy = ToxiproxyServer::start(&toxiproxy_program().unwrap()).unwrap();
    let proxy = toxiproxy.proxy("broker", NOWHERE).unwrap();
    let server = KafkaServer::start_behind(&kafka_libraries().unwrap(), proxy.address()).unwrap();
    proxy.redirect(&server.address()).unwrap();
    let first = connect(&format!("kafka://{}", proxy.address()), "first").await;
    let (user, password) = (KafkaServer::USER, KafkaServer::PASSWORD);
    let direct = format!("kafka://{user}:{password}@{}", server.password_address());
    let second = connect(&direct, "second").await;

    let mut cut_off = first.join(GROUP, TOPIC).await.unwrap();
    let mut kept = assigned(&mut *cut_off).await;
    publish(&second, TOPIC, &messages(TOPIC, 1..10)).await;
    receive_until(&mut *kept, 9).await;
    kept.acknowledge(9);
    proxy.disable().unwrap();

    let mut member = second.join(GROUP, TOPIC).await.unwrap();
    let mut taken = assigned(&mut *member).await;
    publish(&second, TOPIC, &messages(TOPIC, 10..20)).await;
    receive_until(&mut *taken, 19).await;
    taken.acknowledge(19);
    let told = timeout(WAIT_MAX, kept.receive(100)).await.expect("it is told");
    assert!(matches!(told, Err(BusError::Unavailable(_))), "{told:?}");
    assert!(!*kept.revoked().borrow(), "it cannot know who has it");

    proxy.enable().unwrap();
    let mut revoked = kept.revoked();
    let is_revoked = timeout(WAIT_MAX, revoked.wait_for(|revoked| *revoked)).await;
    drop(is_revoked.expect("it learns that somebody else has it"));
    drop(kept);
    publish(&second, TOPIC, &messages(TOPIC, 20..30)).await;
    receive_until(&mut *taken, 29).await;
}
