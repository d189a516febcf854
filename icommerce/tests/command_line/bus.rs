//! Message bus: what is refused, and with which sentence.

use crate::program::{assert_fails, icommerce};
use tempfile::TempDir;

#[test]
fn a_bus_that_is_none_is_refused_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let run =
        |bus: &str| assert_fails(icommerce(&data).arg("serve").arg(format!("--bus={bus}")), 2);
    for wrong in ["nats://127.0.0.1", "kafka", ""] {
        assert!(run(wrong).contains("--bus"), "{wrong}");
    }
    let mut partitions = icommerce(&data);
    partitions.arg("serve").env("ICOMMERCE_BUS__PARTITIONS", "0");
    assert!(assert_fails(&mut partitions, 2).contains("bus.partitions"));
    assert!(!data.exists());
}

#[test]
fn processes_that_share_a_shop_need_the_secret_of_the_fleet_for_a_bus() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for bus in ["kafka://127.0.0.1:1", "amqp://127.0.0.1:1", "redis://127.0.0.1:1"] {
        let mut command = icommerce(&data);
        command.args(["serve", "--services=order-service", "--bus", bus]);
        let refused = assert_fails(&mut command, 2);
        assert!(refused.contains("fleet.secret_file: expected a secret"), "{refused}");
    }
    assert!(!data.exists(), "nothing is made for a shop that cannot start");
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_build_without_kafka_names_the_feature() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let refused = assert_fails(icommerce(&data).args(["serve", "--bus=kafka://127.0.0.1:1"]), 2);
    assert!(
        refused.contains("--bus: this build has no ") && refused.contains("--features kafka"),
        "{refused}"
    );
    assert!(!data.exists());
}

#[cfg(not(feature = "rabbitmq"))]
#[test]
fn a_build_without_rabbitmq_names_the_feature() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let refused = assert_fails(icommerce(&data).args(["serve", "--bus=amqp://127.0.0.1:1"]), 2);
    assert!(
        refused.contains("--bus: this build has no ") && refused.contains("--features rabbitmq"),
        "{refused}"
    );
    assert!(!data.exists());
}

#[cfg(feature = "rabbitmq")]
#[test]
fn a_broker_of_queues_that_cannot_be_used_is_told_by_its_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = |bus: &str, code: i32| {
        let sentence =
            assert_fails(icommerce(&data).arg("serve").arg(format!("--bus={bus}")), code);
        assert!(!sentence.contains("the-password"), "{sentence}");
        sentence
    };
    let unreachable = serve("amqp://shop:the-password@127.0.0.1:1", 3);
    assert!(
        unreachable.contains("--bus: no RabbitMQ broker answers at 127.0.0.1:1"),
        "{unreachable}"
    );
    assert!(serve("amqp://", 2).contains("--bus:"), "without a host");
    let broker = test_servers::RabbitServer::shared();
    let refused = serve(&broker.url().replace("guest:guest", "guest:the-password"), 3);
    assert!(
        refused.contains("--bus:") && refused.contains("refuses the user or the password"),
        "{refused}"
    );
    let missing = serve(&format!("{}/missing", broker.url()), 3);
    assert!(missing.contains("--bus:") && missing.contains("virtual host"), "{missing}");
    assert!(!data.exists(), "nothing is made for a shop that cannot start");
}

#[cfg(not(feature = "redis"))]
#[test]
fn a_build_without_redis_names_the_feature() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for url in ["redis://127.0.0.1:1", "rediss://127.0.0.1:1"] {
        let refused = assert_fails(icommerce(&data).args(["serve", "--bus", url]), 2);
        assert!(
            refused.contains("--bus: this build has no ") && refused.contains("--features redis"),
            "{refused}"
        );
    }
    assert!(!data.exists());
}

#[cfg(feature = "redis")]
#[test]
fn a_server_of_streams_that_cannot_be_used_is_told_by_its_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = |bus: &str, code: i32| {
        let sentence =
            assert_fails(icommerce(&data).arg("serve").arg(format!("--bus={bus}")), code);
        assert!(!sentence.contains("the-password"), "{sentence}");
        sentence
    };
    let unreachable = serve("redis://shop:the-password@127.0.0.1:1", 3);
    assert!(unreachable.contains("--bus: no Redis server answers at 127.0.0.1:1"), "{unreachable}");
    let unreachable = serve("rediss://:the-password@127.0.0.1:1", 3);
    assert!(unreachable.contains("--bus: no Redis server"), "with TLS: {unreachable}");
    for wrong in ["redis://", "redis://127.0.0.1/first"] {
        assert!(serve(wrong, 2).contains("--bus:"), "{wrong}");
    }

    let program = test_servers::redis_program().unwrap();
    let server = test_servers::RedisServer::start(&program).unwrap();
    server.command(&["CONFIG", "SET", "requirepass", "another"]).unwrap();
    let refused = serve(&server.url().replace("redis://", "redis://:the-password@"), 3);
    assert!(
        refused.contains("--bus:") && refused.contains("refuses the user or the password"),
        "{refused}"
    );

    let streams = || {
        let mut command = icommerce(&data);
        command.arg("serve").env("ICOMMERCE_BUS__ENGINE", "redis-streams");
        command
    };
    assert!(assert_fails(&mut streams(), 2).contains("bus.url"), "without a URL");
    let mut authorities = streams();
    authorities.env("ICOMMERCE_BUS__URL", "rediss://127.0.0.1:1");
    authorities.env("ICOMMERCE_BUS__CERTIFICATE_AUTHORITIES", "/nothing/here.pem");
    let authorities = assert_fails(&mut authorities, 3);
    assert!(
        authorities.contains("bus.certificate_authorities: /nothing/here.pem"),
        "{authorities}"
    );
    assert!(!data.exists(), "nothing is made for a shop that cannot start");
}

#[cfg(feature = "kafka")]
#[test]
fn brokers_that_cannot_be_used_are_told_by_their_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = |bus: &str, code: i32| {
        assert_fails(icommerce(&data).arg("serve").arg(format!("--bus={bus}")), code)
    };
    let unreachable = serve("kafka://shop:the-password@127.0.0.1:1", 3);
    assert!(unreachable.contains("--bus: no Kafka broker answers at 127.0.0.1:1"), "{unreachable}");
    assert!(!unreachable.contains("the-password"), "{unreachable}");
    assert!(serve("kafka:///shop", 2).contains("--bus:"), "without a host");
    if !cfg!(feature = "kafka-tls") {
        assert!(serve("kafkas://127.0.0.1:1", 2).contains("kafka-tls"), "without TLS");
    }
    let mut without = icommerce(&data);
    without.arg("serve").env("ICOMMERCE_BUS__ENGINE", "kafka");
    assert!(assert_fails(&mut without, 2).contains("bus.url"));
    assert!(!data.exists(), "nothing is made for a shop that cannot start");
}
