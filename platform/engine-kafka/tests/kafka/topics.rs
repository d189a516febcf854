//! Topics that somebody else has made, with fewer partitions than the shop has.

use engine_kafka::{KafkaBus, KafkaOptions};
use futures_util::future::try_join_all;
use messaging::bus::{
    Bus, Topic,
    conformance::{self, SHOP, assigned, message, receive_until},
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use std::{collections::BTreeSet, sync::Arc};
use test_servers::KafkaServer;

/// Makes a topic, as somebody does by hand.
async fn make(url: &str, topic: Topic, partitions: i32) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", KafkaOptions::new(url).unwrap().brokers());
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let prefix = url.rsplit('/').next().unwrap();
    let name = format!("{prefix}.{topic}");
    let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let made = admin.create_topics([&new], &AdminOptions::new()).await.unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}

async fn check(source: &'static str, partitions: i32) {
    let url = KafkaServer::shared_url().unwrap();
    let mut options = KafkaOptions::new(&url).unwrap();
    options.instance = Some("topics".to_owned());
    let topic = Topic { shop: SHOP, source, partitions: 8 };
    make(&url, topic, partitions).await;
    let bus: Arc<dyn Bus> = Arc::new(KafkaBus::connect(options).await.unwrap());
    let mut member = bus.join("group", topic).await.unwrap();
    let marks = (0..8).map(|partition| messaging::bus::BusMessage {
        partition,
        event: None,
        ..message(topic, "mark", 1, 0)
    });
    bus.publish(topic, &marks.collect::<Vec<_>>()).await.unwrap();
    let mut numbers = BTreeSet::new();
    for _ in 0..8 {
        let mut assignment = assigned(&mut *member).await;
        assert_eq!(receive_until(&mut *assignment, 1).await.len(), 1);
        numbers.insert(assignment.partition());
    }
    assert_eq!(numbers, (0..8).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_a_topic_lacks_are_added() {
    check("narrow-service", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_beyond_those_of_the_shop_are_nobodys() {
    check("wide-service", 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_several_make_at_once_is_found_by_all_of_them() {
    let url = KafkaServer::shared_url().unwrap();
    let buses = (0..4).map(|_| KafkaBus::connect(KafkaOptions::new(&url).unwrap()));
    let buses: Vec<KafkaBus> = try_join_all(buses).await.unwrap();
    for source in ["first-service", "second-service", "third-service", "fourth-service"] {
        let topic = Topic { shop: SHOP, source, partitions: 8 };
        let messages = conformance::messages(topic, 1..9);
        try_join_all(buses.iter().map(|bus| bus.publish(topic, &messages))).await.unwrap();
    }
}
