//! A cluster of three nodes: conformance, and where the values are.

use crate::{
    conformance::fresh_values,
    server::{open, share},
};
use kernel::Timestamp;
use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use storage::KeyValue;
use test_servers::{RedisCluster, redis_program};
use tokio::time::Instant;

fn start() -> RedisCluster {
    RedisCluster::start(&redis_program().unwrap()).expect("the cluster starts")
}

async fn make() -> (Arc<dyn KeyValue>, Arc<RedisCluster>) {
    /// Cluster of the tests that do it no harm.
    static SHARED: Mutex<Weak<RedisCluster>> = Mutex::new(Weak::new());
    let cluster = share(&SHARED, start);
    // One node knows the others.
    (fresh_values(&open(&cluster.urls()[1]).await), cluster)
}

storage::key_value_conformance!(make);

#[tokio::test]
async fn the_values_of_a_service_are_spread_over_the_nodes() {
    let mut cluster = start();
    let urls = cluster.urls();
    let hosts: Vec<_> = urls.iter().map(|url| url.strip_prefix("redis://").unwrap()).collect();
    let engine = open(&format!("redis://{}", hosts.join(","))).await;
    let values = engine.values("spread-service");
    let until = Timestamp::from_second(4_000_000_000).unwrap();
    for number in 0..200 {
        let _ = values.put(&format!("key-{number}"), "1".into(), Some(until)).await.unwrap();
    }
    let mut all = 0;
    for node in cluster.nodes() {
        let size: usize = node.command(&["DBSIZE"]).unwrap().parse().unwrap();
        assert!(size > 20, "a node has {size} of them");
        all += size;
    }
    assert!((201..=216).contains(&all), "each value, and for each bundle its expiries: {all}");
    assert_eq!(values.sweep(until, 150).await.unwrap(), 150);
    assert_eq!(values.sweep(until, 150).await.unwrap(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_has_its_values_again() {
    let mut cluster = start();
    let engine = open(&cluster.urls()[0]).await;
    let values = engine.values("returning-service");
    for node in cluster.nodes() {
        node.command(&["CONFIG", "SET", "appendfsync", "always"]).unwrap();
    }
    for number in 0..60 {
        let _ = values.put(&format!("key-{number}"), "1".into(), None).await.unwrap();
    }
    cluster.nodes()[2].kill().unwrap();
    cluster.nodes()[2].run().unwrap();
    cluster.wait_until_whole().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    for number in 0..60 {
        let key = format!("key-{number}");
        while values.value(&key, Timestamp::UNIX_EPOCH).await.ok().flatten().is_none() {
            assert!(Instant::now() < deadline, "{key} is not there again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
