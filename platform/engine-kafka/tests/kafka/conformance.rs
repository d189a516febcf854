//! Conformance to the port, on the newest and on the oldest version that is supported.

use engine_kafka::{ConnectError, KafkaBus, KafkaOptions};
use messaging::bus::{Bus, conformance};
use std::{sync::Arc, time::Duration};
use test_servers::{KafkaServer, old_kafka_libraries};

async fn connect(url: &str) -> Arc<dyn Bus> {
    let mut options = KafkaOptions::new(url).unwrap();
    options.instance = Some("test".to_owned());
    Arc::new(KafkaBus::connect(options).await.unwrap())
}

async fn make() -> (Arc<dyn Bus>, ()) {
    (connect(&KafkaServer::shared_url().unwrap()).await, ())
}

messaging::bus_conformance!(make);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_oldest_supported_version_conforms() {
    let server = KafkaServer::start(&old_kafka_libraries().unwrap()).unwrap();
    let bus = connect(&server.url()).await;
    conformance::a_message_arrives_as_it_was_published(Arc::clone(&bus)).await;
    conformance::the_messages_of_a_partition_keep_their_order(Arc::clone(&bus)).await;
    conformance::what_was_not_acknowledged_comes_again(Arc::clone(&bus)).await;
    conformance::two_members_share_the_partitions(bus).await;
}

#[tokio::test]
async fn what_keeps_from_connecting_is_told() {
    let connect = async |url: &str| {
        let mut options = KafkaOptions::new(url).unwrap();
        options.connect_timeout = Duration::from_secs(10);
        KafkaBus::connect(options).await
    };
    let nobody = connect("kafka://127.0.0.1:1").await.unwrap_err();
    assert!(matches!(nobody, ConnectError::Unreachable { .. }), "{nobody}");
    let server = KafkaServer::start(&test_servers::kafka_libraries().unwrap()).unwrap();
    let address = server.password_address();
    let user = KafkaServer::USER;
    let refused = connect(&format!("kafka://{user}:wrong@{address}")).await.unwrap_err();
    assert!(matches!(refused, ConnectError::Credentials { .. }), "{refused}");
    let password = KafkaServer::PASSWORD;
    let bus = connect(&format!("kafka://{user}:{password}@{address}")).await.unwrap();
    conformance::a_message_arrives_as_it_was_published(Arc::new(bus)).await;
}
