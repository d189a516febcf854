//! What the payment service tells, and what this service tells.

use super::town::{ORDER, Town, checkout, payments::State as Paid};
use crate::{adapters::journal::translate, domain::events::Status};
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
async fn a_payment_that_changed_has_its_checkout_look_again() {
    let town = Town::new();
    let process = town.start().await;
    process.use_cases.place.run(checkout(&town, "requires_action")).await.unwrap();
    town.payments.lock().answer(Paid::Authorised);
    let changed = json!({
        "type": "payment_changed", "payment_id": Uuid::from_u128(5), "order_id": ORDER, "state": "authorised",
    });
    for _ in 0..2 {
        assert!(process.news.handle(&message(&changed)).await.unwrap().is_empty());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status, Status::Confirmed);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_parked() {
    let process = Town::new().start().await;
    let poison = process.news.handle(&message(&json!({"type": "payment_changed"}))).await;
    assert!(matches!(poison, Err(HandlerError::Poison(_))));
}

#[tokio::test(start_paused = true)]
async fn others_are_told_what_concerns_them() {
    let town = Town::new();
    let process = town.start().await;
    process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    process.use_cases.cancel.run(ORDER, None).await.unwrap();
    let events = town.storage().journal.follow(0, 100).await.unwrap();
    let told: Vec<Value> =
        events.iter().filter_map(translate).map(|data| data.read().unwrap()).collect();
    let changes: Vec<&str> = told.iter().map(|told| told["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["placed", "confirmed", "cancelled"]);
    assert_eq!(told[1]["type"], "order_changed");
    assert_eq!(told[1]["status"], "confirmed");
    assert_eq!(told[1]["number"], "1000001");
    assert_eq!(told[1]["total"]["amount"], super::town::TOTAL);
}
