//! Feeds contain what is flushed, in commit order, and wake waiting consumers.

use crate::source::{
    Ledger, WarehouseEvent, WarehouseFeed, append_internal, consumer_over, entries,
    expected_entries, feed, feed_channel, feed_over_the_wire, number, parked_number, publish,
};
use engine_memory::MemoryEngine;
use messaging::{CloudEvent, Feed, FeedPage};
use rpc::Contract;
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use transport::{CallError, Channel, Client, Request, Response, Transport, TransportError};

fn numbers(page: &FeedPage<WarehouseEvent>) -> Vec<u64> {
    page.messages.iter().map(number).collect()
}

/// The feed with typed values and over the wire: nobody can tell them apart.
fn both(engine: &MemoryEngine) -> [WarehouseFeed; 2] {
    [feed(engine), feed_over_the_wire(engine)]
}

#[tokio::test]
async fn a_feed_leaves_out_what_concerns_nobody_and_moves_on() {
    let engine = MemoryEngine::new();
    publish(&engine, "a", 0).await;
    append_internal(&engine, "a", 1).await;
    publish(&engine, "b", 2).await;
    append_internal(&engine, "b", 3).await;
    for feed in both(&engine) {
        let all = feed.pull(0, 0, None).await.unwrap();
        assert_eq!((numbers(&all), all.position), (vec![0, 2], 4));
        assert_eq!((&*all.messages[1].subject, all.messages[1].position), ("b", 3));
        let rest = feed.pull(3, 0, None).await.unwrap();
        assert_eq!((numbers(&rest), rest.position), (vec![], 4));
        let beyond = feed.pull(4, 0, None).await.unwrap();
        assert_eq!((numbers(&beyond), beyond.position), (vec![], 4));
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_a_flush_and_by_nothing_else() {
    let engine = MemoryEngine::new();
    engine.hold();
    let feed = feed(&engine);
    let waiting = feed.pull(0, 20_000, None);
    tokio::pin!(waiting);
    assert!(timeout(Duration::from_secs(5), &mut waiting).await.is_err());
    // Decided, but nobody may know yet.
    publish(&engine, "a", 0).await;
    assert!(timeout(Duration::from_secs(5), &mut waiting).await.is_err());
    let before = Instant::now();
    engine.flush();
    assert_eq!(numbers(&waiting.await.unwrap()), [0]);
    assert!(before.elapsed() < Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn waiting_in_vain_ends_with_an_empty_answer() {
    let engine = MemoryEngine::new();
    for feed in both(&engine) {
        let before = Instant::now();
        let page = feed.pull(0, 2_000, None).await.unwrap();
        assert_eq!((page.messages.len(), page.position), (0, 0));
        assert_eq!(before.elapsed().as_secs(), 2);
        // However long a consumer is ready to wait, the source has a limit of its own.
        let before = Instant::now();
        feed.pull(0, 3_600_000, None).await.unwrap();
        assert_eq!(before.elapsed().as_secs(), 30);
    }
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_refused() {
    let engine = MemoryEngine::new();
    let client = Client::new("warehouse", feed_channel(&engine));
    for (arguments, status) in [
        (json!({"after": -1, "wait_ms": 0}), 422),
        (json!({"after": "x", "wait_ms": 0}), 422),
        (json!({"after": 0}), 422),
        (json!([0]), 400),
    ] {
        let call = client.post("/internal/v1/warehouse/pull").json(&arguments);
        let Err(CallError::Problem(problem)) = call.send::<Json>().await else {
            panic!("{arguments}")
        };
        assert_eq!(problem.status, status, "{arguments}");
        let expected = if status == 400 { "an object is wanted" } else { "arguments" };
        assert!(problem.title.contains(expected), "{}", problem.title);
    }
}

#[tokio::test]
async fn every_message_of_a_feed_is_written_as_a_cloud_event() {
    let engine = MemoryEngine::new();
    publish(&engine, "a", 7).await;
    let client = Client::new("warehouse", feed_channel(&engine));
    let arguments = json!({"after": 0, "wait_ms": 0});
    let page: Json =
        client.post("/internal/v1/warehouse/pull").json(&arguments).send().await.unwrap();
    let message = &page["messages"][0];
    assert_eq!(message["specversion"], "1.0");
    assert_eq!(message["datacontenttype"], "application/json");
    assert_eq!((&message["source"], &message["subject"]), (&"warehouse".into(), &"a".into()));
    assert_eq!(message["type"], "icommerce.numbered.v2");
    assert_eq!(message["time"], "1970-01-01T00:00:00Z");
    assert!(message["id"].is_string());
    assert_eq!(message["data"], json!({"type": "numbered_v2", "number": 7}));
}

/// A source of another version: what it writes is changed on its way.
struct OtherVersion {
    channel: Channel,
    change: fn(&mut CloudEvent),
}

#[async_trait::async_trait]
impl Transport for OtherVersion {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (head, body) = self.channel.send(request).await?.into_parts();
        let mut page: Json = serde_json::from_slice(&body).unwrap();
        let mut messages: Vec<CloudEvent> =
            serde_json::from_value(page["messages"].take()).unwrap();
        messages.iter_mut().filter(|message| message.position == 2).for_each(self.change);
        page["messages"] = serde_json::to_value(messages).unwrap();
        Ok(Response::from_parts(head, serde_json::to_vec(&page).unwrap().into()))
    }
}

fn feed_of_another_version(engine: &MemoryEngine, change: fn(&mut CloudEvent)) -> WarehouseFeed {
    let channel = feed_channel(engine);
    <dyn Feed<WarehouseEvent> as Contract>::client(Channel::new(OtherVersion { channel, change }))
}

fn set_data(message: &mut CloudEvent, data: &Json) {
    message.data = serde_json::from_str(&data.to_string()).unwrap();
}

#[tokio::test]
async fn an_event_of_a_later_version_is_skipped() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    for number in 0..3 {
        publish(&engine, "a", number).await;
    }
    let later =
        |message: &mut CloudEvent| set_data(message, &json!({"type": "numbered_v3", "n": 1}));
    let feed = feed_of_another_version(&engine, later);
    assert_eq!(consumer_over(&engine, feed, &ledger).step().await.unwrap(), 2);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 2])]));
}

#[tokio::test]
async fn a_known_event_that_cannot_be_read_is_parked_with_its_subject_behind_it() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    for number in 0..3 {
        publish(&engine, "a", number).await;
        publish(&engine, "b", number).await;
    }
    let damaged = |message: &mut CloudEvent| {
        set_data(message, &json!({"type": "numbered_v2", "number": "x"}));
    };
    let mut consumer = consumer_over(&engine, feed_of_another_version(&engine, damaged), &ledger);
    assert_eq!(consumer.step().await.unwrap(), 3);
    // Position 2 is the first of `b`.
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1, 2])]));
    let parked = consumer.parked().await.unwrap();
    assert!(parked[0].reason.contains("invalid type"), "{}", parked[0].reason);
    assert_eq!(parked[1..].iter().map(|it| parked_number(&it.message)).collect::<Vec<_>>(), [1, 2]);
}
