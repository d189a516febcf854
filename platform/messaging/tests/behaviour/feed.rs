//! A feed shows what is flushed, in commit order, and wakes those who wait for it.

use crate::source::{feed, keep_quiet, number, tell};
use engine_memory::MemoryEngine;
use messaging::Feed;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use transport::{CallError, Client};

async fn pull(engine: &MemoryEngine, query: &str) -> Result<Feed, CallError> {
    Client::new("warehouse", feed(engine))
        .get(format!("/internal/v1/feeds/warehouse?{query}"))
        .send()
        .await
}

fn numbers(feed: &Feed) -> Vec<u64> {
    feed.messages.iter().map(|message| number(message).unwrap()).collect()
}

#[tokio::test]
async fn a_feed_leaves_out_what_concerns_nobody_and_moves_on() {
    let engine = MemoryEngine::new();
    tell(&engine, "a", 0).await;
    keep_quiet(&engine, "a", 1).await;
    tell(&engine, "b", 2).await;
    keep_quiet(&engine, "b", 3).await;
    let all = pull(&engine, "after=0").await.unwrap();
    assert_eq!((numbers(&all), all.position, all.more), (vec![0, 2], 4, false));
    assert_eq!((&*all.messages[1].subject, all.messages[1].position), ("b", 3));
    let rest = pull(&engine, "after=3").await.unwrap();
    assert_eq!((numbers(&rest), rest.position), (vec![], 4));
    let beyond = pull(&engine, "after=4").await.unwrap();
    assert_eq!((numbers(&beyond), beyond.position), (vec![], 4));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_a_flush_and_by_nothing_else() {
    let engine = MemoryEngine::new();
    engine.hold();
    let waiting = pull(&engine, "after=0&wait_ms=20000");
    tokio::pin!(waiting);
    assert!(timeout(Duration::from_secs(5), &mut waiting).await.is_err());
    // Decided, but nobody may know yet.
    tell(&engine, "a", 0).await;
    assert!(timeout(Duration::from_secs(5), &mut waiting).await.is_err());
    let before = Instant::now();
    engine.flush();
    assert_eq!(numbers(&waiting.await.unwrap()), [0]);
    assert!(before.elapsed() < Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn waiting_in_vain_ends_with_an_empty_answer() {
    let engine = MemoryEngine::new();
    let before = Instant::now();
    let feed = pull(&engine, "after=0&wait_ms=2000").await.unwrap();
    assert_eq!((feed.messages.len(), feed.position), (0, 0));
    assert_eq!(before.elapsed().as_secs(), 2);
    // However long somebody is ready to wait, the source has a limit of its own.
    let before = Instant::now();
    pull(&engine, "after=0&wait_ms=3600000").await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_by_name() {
    let engine = MemoryEngine::new();
    for query in ["after=-1", "after=x", "wait_ms=1.5", "befor=1"] {
        let Err(CallError::Problem(problem)) = pull(&engine, query).await else {
            panic!("{query}")
        };
        assert_eq!((problem.status, problem.code.as_str()), (400, "invalid_query"), "{query}");
    }
}

#[tokio::test]
async fn every_message_of_a_feed_is_a_cloud_event() {
    let engine = MemoryEngine::new();
    tell(&engine, "a", 7).await;
    let page: serde_json::Value = Client::new("warehouse", feed(&engine))
        .get("/internal/v1/feeds/warehouse?after=0")
        .send()
        .await
        .unwrap();
    let message = &page["messages"][0];
    assert_eq!(message["specversion"], "1.0");
    assert_eq!(message["datacontenttype"], "application/json");
    assert_eq!((&message["source"], &message["subject"]), (&"warehouse".into(), &"a".into()));
    assert_eq!(message["type"], "icommerce.numbered.v2");
    assert_eq!(message["time"], "1970-01-01T00:00:00Z");
    assert!(message["id"].is_string());
    assert_eq!(message["data"], serde_json::json!({"type": "numbered_v2", "number": 7}));
}
