//! Erasure of a customer (CUS vectors of the commerce rules): what goes at once, what is kept for how long, and that nothing comes
//! back.
//!
//! Left out, because accounts are another service: of CUS-01 profile, consents and wish lists; CUS-04.

use super::{
    http::{HttpFixture, order_body, order_path},
    test_world::TestWorld,
};
use crate::{
    adapters::{
        journal::translate,
        maintenance::{event_json, refold_former_index},
        order_index::DocumentOrderIndex,
    },
    application::erase_customer::ErasureOutcome,
    domain::events::OrderStatus,
};
use contracts::order::OrderEvent as FeedEvent;
use kernel::{Clock, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;
use subject_keys::Erasure;

pub(super) const EMAIL: &str = "ada@example.com";
/// What is personal in an order of this world.
const PERSONAL: &[&str] = &["ada@example.com", "Ada", "Ringstr", "Bonn", "53111"];

impl TestWorld {
    /// Everything that the journal and the order index show, as text.
    async fn shown(&self) -> String {
        let storage = self.storage();
        let mut shown = String::new();
        for event in storage.journal.follow(0, 1_000).await.unwrap() {
            shown += &String::from_utf8_lossy(&event.data);
            shown += event_json(&event).unwrap().get();
        }
        let collection = DocumentOrderIndex::collection();
        for document in storage.documents.scan(collection, None, 1_000).await.unwrap() {
            shown += &String::from_utf8_lossy(&document.body);
        }
        shown
    }

    pub(super) async fn personal_fields(&self) -> Vec<&'static str> {
        let shown = self.shown().await;
        PERSONAL.iter().copied().filter(|text| shown.contains(text)).collect()
    }
}

impl HttpFixture {
    pub(super) async fn erase(&self) -> ErasureOutcome {
        self.process.use_cases.erase.execute(" Ada@Example.COM ").await.unwrap()
    }

    async fn exported(&self) -> usize {
        let export = &self.process.use_cases.export;
        export.execute(EMAIL, None).await.unwrap().orders.len()
    }

    /// Order that was shipped and paid.
    pub(super) async fn completed_order(&self) -> Value {
        let (_, order) = self.checkout("k1", "success").await;
        self.post(&order_path(&order, "/fulfil"), "k2", Value::Null).await.1
    }
}

fn end_of(year: i32) -> Timestamp {
    format!("{}-01-01T00:00:00Z", year + 1).parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn cus_01_the_order_keeps_what_the_books_need_and_shows_nobody() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    assert_eq!(order["customer_erased"], false);
    assert_eq!(fixture.world.personal_fields().await, PERSONAL, "the index has none of them");
    assert_eq!(fixture.exported().await, 1);

    let outcome = fixture.erase().await;
    let retained_until = Some(end_of(2036));
    assert_eq!(outcome, ErasureOutcome { erased: 1, open: vec![], retained_until });
    let (status, erased) = fixture.get(&order_path(&order, "")).await;
    assert_eq!((status.as_u16(), &erased["customer_erased"]), (200, &json!(true)));
    for field in ["number", "lines", "totals", "status", "payment", "shipping", "placed_at"] {
        assert_eq!(erased[field], order[field], "{field}");
    }
    let nobody = json!({"name": "", "line1": "", "country": "DE"});
    for address in ["shipping_address", "billing_address"] {
        assert_eq!(erased[address], nobody, "{address}");
    }
    assert_eq!(erased["history"].as_array().unwrap().last().unwrap()["event"], "customer_erased");
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
    assert_eq!(fixture.exported().await, 0);

    // The key outlives the erasure until the retention ends, and nobody reads with it.
    let keys = fixture.world.storage().subject_keys;
    let key = keys.first_id("order_contact", EMAIL);
    assert_eq!(keys.erasure(key), Some(Erasure::Restricted(end_of(2036))));
    let retention = Duration::from_hours(24 * 366 * 11);
    fixture.world.clock.advance(retention);
    fixture.process.use_cases.erase.advance_all().await;
    assert_eq!(keys.erasure(key), Some(Erasure::Done));
}

#[tokio::test(start_paused = true)]
async fn cus_02_neither_a_rebuild_nor_a_restart_brings_anything_back() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    fixture.erase().await;
    refold_former_index(&fixture.world.storage()).await.unwrap();
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
    let fixture = fixture.reopened().await;
    let (_, shown) = fixture.get(&order_path(&order, "")).await;
    assert_eq!((&shown["email"], &shown["customer_erased"]), (&json!(""), &json!(true)));
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn cus_03_an_open_order_keeps_what_it_needs_until_it_ends() {
    let fixture = HttpFixture::open().await;
    let (_, ended) = fixture.post("/api/v1/orders", "k0", order_body(1)).await;
    fixture.post(&order_path(&ended, "/fulfil"), "k1", Value::Null).await;
    let (_, open) = fixture.checkout("k2", "success").await;

    let outcome = fixture.erase().await;
    assert_eq!((outcome.erased, &outcome.open[..]), (1, &[1_000_002][..]));
    assert_eq!(fixture.get(&order_path(&ended, "")).await.1["email"], "", "the rest goes now");
    let (_, replayed) = fixture.post("/api/v1/orders", "k0", order_body(1)).await;
    let as_of = format!("?as_of={}", fixture.world.clock.now());
    let (_, former) = fixture.get(&order_path(&ended, &as_of)).await;
    assert_eq!((&replayed["email"], &former["email"]), (&json!(""), &json!("")), "nor as it was");
    assert_eq!(fixture.get(&order_path(&open, "")).await.1["email"], EMAIL);
    assert_eq!(fixture.exported().await, 2, "what can be read is told");
    fixture.process.use_cases.erase.advance_all().await;
    assert_eq!(fixture.get(&order_path(&open, "")).await.1["email"], EMAIL);

    let fixture = fixture.reopened().await;
    fixture.post(&order_path(&open, "/fulfil"), "k3", Value::Null).await;
    fixture.process.use_cases.erase.advance_all().await;
    assert_eq!(fixture.get(&order_path(&open, "")).await.1["email"], "");
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
    assert!(fixture.process.use_cases.list.orders.customers.requested().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_erased_customer_is_not_found_any_more_and_a_new_order_is_somebody_elses() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    let find = async || {
        let lookup = json!({"number": order["number"], "email": EMAIL});
        let found = fixture.send("POST", "/api/v1/orders/lookup", "", "shop", &lookup).await.0;
        let (_, page) = fixture.get("/api/v1/orders?email=ADA@example.com").await;
        (found.as_u16(), page["items"].as_array().unwrap().len())
    };
    assert_eq!(find().await, (200, 1));
    fixture.erase().await;
    assert_eq!(find().await, (404, 0));
    let (_, page) = fixture.get("/api/v1/orders").await;
    assert_eq!((&page["items"][0]["email"], &page["items"][0]["name"]), (&json!(""), &json!("")));
    assert_eq!(fixture.checkout("k1", "success").await.1["email"], "", "a replay shows nobody");

    let (_, new) = fixture.post("/api/v1/orders", "k9", order_body(1)).await;
    assert_eq!(new["email"], EMAIL);
    assert_eq!(find().await, (404, 1), "the list has the new order alone");
    assert_eq!(fixture.get(&order_path(&order, "")).await.1["email"], "");
}

#[tokio::test(start_paused = true)]
async fn to_erase_again_changes_nothing_and_others_are_untouched() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    let mut body = order_body(1);
    body["email"] = "grace@example.com".into();
    let (_, other) = fixture.post("/api/v1/orders", "k7", body).await;
    fixture.erase().await;
    let version = fixture.get(&order_path(&order, "")).await.1["version"].clone();
    assert_eq!(fixture.erase().await, ErasureOutcome::default());
    assert_eq!(fixture.get(&order_path(&order, "")).await.1["version"], version);
    assert_eq!(fixture.get(&order_path(&other, "")).await.1["email"], "grace@example.com");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_never_an_order_is_kept_for_nothing() {
    let fixture = HttpFixture::open().await;
    assert_eq!(fixture.checkout("k1", "decline").await.0, 402);
    let outcome = fixture.erase().await;
    assert_eq!(outcome, ErasureOutcome { erased: 1, open: vec![], retained_until: None });
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn consumers_are_told_of_each_erased_order() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    fixture.erase().await;
    let events = fixture.world.storage().journal.follow(0, 1_000).await.unwrap();
    let published: Vec<_> = events.iter().filter_map(|event| translate(event).unwrap()).collect();
    let order_id = order["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(published.last(), Some(&FeedEvent::CustomerErased { order_id }));
}

#[tokio::test(start_paused = true)]
async fn the_retention_follows_the_country_of_the_bill() {
    let settings = |country: &str| crate::adapters::settings::OrderSettings {
        retention_years: 6,
        retention_years_by_country: vec![country.to_owned()],
        ..Default::default()
    };
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    let id = order["id"].as_str().unwrap().parse().unwrap();
    let order = fixture.process.use_cases.read.now(id).await.unwrap().order;
    assert_eq!(order.status(), OrderStatus::Completed);
    assert_eq!(settings("DE=8").retention().end(&order), Some(end_of(2034)));
    assert_eq!(settings("AT=8").retention().end(&order), Some(end_of(2032)));
}
