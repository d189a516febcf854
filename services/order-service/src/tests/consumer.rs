//! Events: those consumed from the payment service, and those published.

use super::test_world::{ORDER, TestWorld, checkout, payments::FakePaymentState};
use crate::{adapters::journal::translate, domain::events::OrderStatus};
use kernel::Uuid;
use messaging::{ContentType, EventData, Handler, HandlerError, Message, SpecVersion};
use serde_json::{Value, json};
use std::time::Duration;

fn message(data: &Value) -> Message {
    Message {
        specversion: SpecVersion::V1,
        id: Uuid::from_u128(1),
        kind: String::new(),
        source: "payment-service".to_owned(),
        subject: "payment-1".to_owned(),
        time: "2026-11-22T12:00:00Z".parse().unwrap(),
        position: 1,
        datacontenttype: ContentType::Json,
        data: EventData::of(data).unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_payment_resumes_its_checkout() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.use_cases.place.execute(checkout(&world, "requires_action")).await.unwrap();
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    let changed = json!({
        "type": "payment_changed", "payment_id": Uuid::from_u128(5), "order_id": ORDER, "state": "authorised",
    });
    for _ in 0..2 {
        assert!(process.resume_checkout.handle(&message(&changed)).await.unwrap().is_empty());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status(), OrderStatus::Confirmed);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_message_is_parked() {
    let process = TestWorld::new().start().await;
    let poison =
        process.resume_checkout.handle(&message(&json!({"type": "payment_changed"}))).await;
    assert!(matches!(poison, Err(HandlerError::Poison(_))));
}

#[tokio::test(start_paused = true)]
async fn public_events_are_published() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    process.use_cases.cancel.execute(ORDER, None).await.unwrap();
    let events = world.storage().journal.follow(0, 100).await.unwrap();
    let published: Vec<Value> =
        events.iter().filter_map(translate).map(|data| data.read().unwrap()).collect();
    let changes: Vec<&str> =
        published.iter().map(|event| event["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["placed", "confirmed", "cancelled"]);
    assert_eq!(published[1]["type"], "order_changed");
    assert_eq!(published[1]["status"], "confirmed");
    assert_eq!(published[1]["number"], "1000001");
    assert_eq!(published[1]["total"]["amount"], super::test_world::TOTAL);
}
