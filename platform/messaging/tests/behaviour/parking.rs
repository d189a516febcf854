//! Operator's routes of parked messages.

use crate::source::{
    InjectedFailure, Ledger, READER, consumer, entries, expected_entries, parked_number, publish,
    reader, service,
};
use engine_memory::MemoryEngine;
use serde_json::Value as Json;
use std::sync::Arc;
use transport::{CallError, Client};

fn operator(engine: &MemoryEngine) -> Client {
    Client::new(READER, service(READER, messaging::parking_routes(READER, reader(engine))))
}

async fn list(engine: &MemoryEngine, query: &str) -> Json {
    operator(engine).get(format!("/api/v1/parked/{READER}{query}")).send().await.unwrap()
}

async fn replay(engine: &MemoryEngine, key: &str) -> Result<Json, CallError> {
    operator(engine).post(format!("/api/v1/parked/{READER}/{key}/replay")).send().await
}

/// Subject `a` with 0 taken in and 1 to 3 parked, of which 1 and 2 are poison.
async fn parked(engine: &MemoryEngine, ledger: &Arc<Ledger>) -> Vec<String> {
    for number in 0..4 {
        publish(engine, "a", number).await;
    }
    ledger.inject("a", 1, Some(InjectedFailure::Poison));
    ledger.inject("a", 2, Some(InjectedFailure::Poison));
    assert_eq!(consumer(engine, ledger).step().await.unwrap(), 1);
    let items = list(engine, "").await;
    let items = items["items"].as_array().unwrap().iter();
    items.map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_replay_brings_a_subject_back_in_order() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let keys = parked(&engine, &ledger).await;
    assert_eq!(keys.len(), 3);
    ledger.inject("a", 1, None);
    // Whichever of them is named, the subject begins with its oldest.
    replay(&engine, &keys[2]).await.unwrap();
    publish(&engine, "a", 4).await;
    let mut reader = consumer(&engine, &ledger);
    assert_eq!(reader.step().await.unwrap(), 0);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1])]));
    let left = reader.parked().await.unwrap();
    let left: Vec<_> = left.iter().map(|parked| parked_number(&parked.message)).collect();
    assert_eq!(left, [2, 3, 4], "the second one failed again and holds those behind it");

    // It is not tried again until somebody asks.
    let tried = ledger.attempts().len();
    reader.step().await.unwrap();
    assert_eq!(ledger.attempts().len(), tried);

    ledger.inject("a", 2, None);
    replay(&engine, &keys[1]).await.unwrap();
    publish(&engine, "a", 5).await;
    assert_eq!(reader.step().await.unwrap(), 1);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1, 2, 3, 4, 5])]));
    assert_eq!(list(&engine, "").await["items"], Json::Array(Vec::new()));
}

#[tokio::test]
async fn a_replay_with_a_temporary_failure_continues_by_itself() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let keys = parked(&engine, &ledger).await;
    ledger.inject("a", 1, Some(InjectedFailure::Retry));
    ledger.inject("a", 2, None);
    replay(&engine, &keys[0]).await.unwrap();
    let mut reader = consumer(&engine, &ledger);
    reader.step().await.unwrap();
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0])]));
    ledger.inject("a", 1, None);
    reader.step().await.unwrap();
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1, 2, 3])]));
}

#[tokio::test]
async fn a_crash_in_a_replay_has_no_effect_twice() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let keys = parked(&engine, &ledger).await;
    ledger.inject("a", 1, None);
    ledger.inject("a", 2, None);
    replay(&engine, &keys[0]).await.unwrap();
    engine.hold();
    let mut crashing = consumer(&engine, &ledger);
    let (stepped, restarted) = tokio::join!(crashing.step(), async {
        // The first of the three gets through.
        engine.flush();
        tokio::task::yield_now().await;
        engine.crash()
    });
    assert!(stepped.is_err());
    consumer(&restarted, &Arc::default()).step().await.unwrap();
    assert_eq!(entries(&restarted).await["a"].len(), 4);
    assert_eq!(list(&restarted, "").await["items"], Json::Array(Vec::new()));
}

#[tokio::test]
async fn a_subject_with_very_many_parked_messages_stays_parked() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    ledger.inject("a", 0, Some(InjectedFailure::Poison));
    for number in 0..1_100 {
        publish(&engine, "a", number).await;
    }
    publish(&engine, "b", 0).await;
    ledger.inject("b", 0, Some(InjectedFailure::Poison));
    let mut first = consumer(&engine, &ledger);
    while first.parked().await.unwrap().len() < 1_101 {
        first.step().await.unwrap();
    }
    publish(&engine, "b", 1).await;
    let mut second = consumer(&engine, &ledger);
    assert_eq!(second.step().await.unwrap(), 0);
    assert_eq!(second.parked().await.unwrap().len(), 1_102);
}

#[tokio::test]
async fn the_list_comes_in_pages_and_refuses_what_makes_no_sense() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let keys = parked(&engine, &ledger).await;
    let first = list(&engine, "?limit=2").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = list(&engine, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(second["items"][0]["key"], keys[2].as_str());
    assert_eq!(second["next_cursor"], Json::Null);

    let unknown = replay(&engine, "nothing.of.the.kind").await.unwrap_err();
    assert!(unknown.problem(&kernel::codes::NOT_FOUND).is_some());
    let wrong =
        operator(&engine).get(format!("/api/v1/parked/{READER}?limit=0")).send::<Json>().await;
    assert!(wrong.unwrap_err().problem(&kernel::codes::INVALID_QUERY).is_some());
}
