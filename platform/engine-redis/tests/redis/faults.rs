//! Faults of the server: it is flushed, killed and paused, and whoever uses it waits for a bounded time.

use crate::server::{open, start};
use engine_memory::MemoryEngine;
use engine_redis::{RedisEngine, RedisOptions};
use kernel::Timestamp;
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, LosableValues, StorageError};
use test_servers::RedisServer;
use tokio::{task::JoinSet, time::Instant};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// Time within which the engine has noticed that the server is back, at the latest.
const BACK_WITHIN: Duration = Duration::from_secs(30);
/// Much longer than an operation may take, on a machine that does other things as well.
const BOUND: Duration = Duration::from_secs(10);

/// Adds until the server answers again.
async fn added_again(values: &dyn KeyValue) -> i64 {
    let deadline = Instant::now() + BACK_WITHIN;
    loop {
        match values.add("count", 1, NOW, None).await {
            Ok(sum) => return sum,
            Err(StorageError::Unavailable(reason)) => {
                assert!(Instant::now() < deadline, "{reason}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn with_fallback(engine: &RedisEngine) -> (LosableValues, Arc<dyn KeyValue>) {
    let fallback = MemoryEngine::new().service("limits").key_value;
    let losable = LosableValues::with_fallback(engine.values("limits"), Arc::clone(&fallback));
    (losable, fallback)
}

#[tokio::test]
async fn counters_of_a_flushed_server_start_anew() {
    let server = start();
    let values = open(&server.url()).await.values("limits");
    for sum in 1..=5 {
        assert_eq!(values.add("count", 1, NOW, None).await.unwrap(), sum);
    }
    server.command(&["FLUSHALL"]).unwrap();
    // The scripts are gone as well.
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert_eq!(values.add("count", 1, NOW, None).await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_that_is_killed_is_found_again_with_what_it_had() {
    let mut server = start();
    server.command(&["CONFIG", "SET", "appendfsync", "always"]).unwrap();
    let values = open(&server.url()).await.values("limits");
    assert_eq!(values.add("count", 41, NOW, None).await.unwrap(), 41);
    server.kill().unwrap();
    let refused = values.value("count", NOW).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    server.run().unwrap();
    assert_eq!(added_again(&*values).await, 42);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_again_within_the_call() {
    let server = start();
    let values = open(&server.url()).await.values("limits");
    let _ = values.put("key", "1".into(), None).await.unwrap();
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    assert_eq!(values.value("key", NOW).await.unwrap().as_deref(), Some(&b"1"[..]));
}

/// Load of callers that count with a fallback: each call must succeed, within a bound.
async fn load(values: &LosableValues, rounds: usize) {
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let values = values.clone();
        callers.spawn(async move {
            for _ in 0..rounds {
                let begun = Instant::now();
                values.add(&format!("count-{caller}"), 1, NOW, None).await.unwrap();
                values.value("cached", NOW).await.unwrap();
                assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
            }
        });
    }
    callers.join_all().await;
}

async fn sheds(stop: impl FnOnce(&mut RedisServer), start_again: impl FnOnce(&mut RedisServer)) {
    let mut server = start();
    let engine = open(&server.url()).await;
    let (values, fallback) = with_fallback(&engine);
    load(&values, 20).await;
    assert_eq!(fallback.value("count-1", NOW).await.unwrap(), None, "the server has it");
    stop(&mut server);
    // Many more calls than would be through if each waited for the server.
    load(&values, 500).await;
    assert!(fallback.value("count-1", NOW).await.unwrap().is_some(), "it goes on without");
    start_again(&mut server);
    added_again(&*engine.values("limits")).await;
    load(&values, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_lose_goes_on_without_a_server_that_is_killed_under_load() {
    sheds(|server| server.kill().unwrap(), |server| server.run().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_lose_goes_on_without_a_server_that_is_paused_under_load() {
    sheds(|server| server.pause().unwrap(), |server| server.resume().unwrap()).await;
}

#[tokio::test]
async fn a_paused_server_delays_a_call_for_its_timeout_and_no_longer() {
    let server = start();
    let mut options = RedisOptions::new(&server.url()).unwrap();
    options.operation_timeout = Duration::from_millis(100);
    let values = RedisEngine::open(options).await.unwrap().values("limits");
    values.add("count", 1, NOW, None).await.unwrap();
    server.pause().unwrap();
    let begun = Instant::now();
    for _ in 0..1_000 {
        let refused = values.add("count", 1, NOW, None).await;
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    }
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    server.resume().unwrap();
    assert!(added_again(&*values).await >= 2);
}
