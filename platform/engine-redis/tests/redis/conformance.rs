//! Conformance of the engine to the key-value port, on one server.

use crate::server::{open, shared};
use engine_redis::RedisEngine;
use kernel::Timestamp;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::KeyValue;
use test_servers::RedisServer;

/// Values of a service that no other test has.
pub(crate) fn fresh_values(engine: &RedisEngine) -> Arc<dyn KeyValue> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let service = format!("service-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    engine.values(service.leak())
}

async fn make() -> (Arc<dyn KeyValue>, Arc<RedisServer>) {
    let server = shared();
    (fresh_values(&open(&server.url()).await), server)
}

storage::key_value_conformance!(make);

#[tokio::test]
async fn services_do_not_see_each_other() {
    let server = shared();
    let engine = open(&server.url()).await;
    let (one, two) = (fresh_values(&engine), fresh_values(&engine));
    let now = Timestamp::UNIX_EPOCH;
    let _ = one.put("key", "1".into(), Some(Timestamp::UNIX_EPOCH)).await.unwrap();
    assert_eq!(two.value("key", now).await.unwrap(), None);
    assert_eq!(two.sweep(Timestamp::MAX, 10).await.unwrap(), 0);
    assert_eq!(one.sweep(Timestamp::MAX, 10).await.unwrap(), 1);
}

#[tokio::test]
async fn sums_are_exact_and_stop_at_the_ends() {
    let (values, _server) = make().await;
    let now = Timestamp::UNIX_EPOCH;
    let add = async |key, by| values.add(key, by, now, None).await.unwrap();
    // Beyond the whole numbers of Lua.
    assert_eq!(add("large", 9_007_199_254_740_993).await, 9_007_199_254_740_993);
    assert_eq!(add("large", i64::MAX).await, i64::MAX);
    assert_eq!(add("large", 1).await, i64::MAX);
    assert_eq!(add("small", i64::MIN).await, i64::MIN);
    assert_eq!(add("small", -1).await, i64::MIN);
    assert_eq!(add("small", 1).await, i64::MIN + 1);
}

#[tokio::test]
async fn a_value_that_nobody_sweeps_ends_on_the_server_all_the_same() {
    let server = shared();
    let engine = open(&server.url()).await;
    let values = engine.values("unswept-service");
    let _ = values.put("old", "1".into(), Some(Timestamp::UNIX_EPOCH)).await.unwrap();
    values.add("count", 1, Timestamp::UNIX_EPOCH, Some(Timestamp::UNIX_EPOCH)).await.unwrap();
    let keys = server.command(&["KEYS", "{icommerce:unswept-service:*"]).unwrap();
    assert!(keys.lines().count() >= 3, "{keys}");
    for key in keys.lines() {
        let milliseconds: i64 = server.command(&["PTTL", key]).unwrap().parse().unwrap();
        assert!((1..=3_600_000).contains(&milliseconds), "{key}: {milliseconds}");
    }
}
