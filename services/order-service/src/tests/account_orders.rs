//! Orders of customers who are signed in: found by the account, and seen by nobody else.

use super::{
    http::{HttpFixture, checkout_body, checkout_path, order_path},
    test_world::CART,
};
use crate::adapters::order_index::DocumentOrderIndex;
use serde_json::Value;

const ADA: &str = "customer:0190a8b4-0000-7000-8000-00000000ada0";
const EVE: &str = "customer:0190a8b4-0000-7000-8000-00000000e0e0";

impl HttpFixture {
    /// Status and body of a request at the shop edge by this actor.
    async fn send_as(&self, actor: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [
            ("icommerce-edge", "shop"),
            ("icommerce-actor", actor),
            ("idempotency-key", if method == "POST" { "k1" } else { "" }),
        ];
        let response = self.respond(method, path, &headers, body).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Order of the cart by this actor.
    async fn ordered_by(&self, actor: &str) -> Value {
        let body = checkout_body("success");
        let (status, order) = self.send_as(actor, "POST", &checkout_path(), &body).await;
        assert_eq!(status, 201, "{order}");
        order
    }

    /// Numbers of the orders in the account of this actor.
    async fn numbers_of(&self, actor: &str) -> Vec<String> {
        let (status, page) =
            self.send_as(actor, "GET", "/api/v1/account/orders", &Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap().iter();
        items.map(|it| it["number"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn an_order_is_found_by_the_account_that_placed_it_and_by_no_other() {
    let fixture = HttpFixture::open().await;
    fixture.ordered_by(ADA).await;
    assert_eq!(fixture.numbers_of(ADA).await, ["1000001"]);
    assert!(fixture.numbers_of(EVE).await.is_empty());
    for stranger in ["", "guest:0190a8b4-0000-7000-8000-000000000000", "operator:ada", "customer:"]
    {
        let (status, problem) =
            fixture.send_as(stranger, "GET", "/api/v1/account/orders", &Value::Null).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (401, Some("unauthenticated")),
            "{stranger}"
        );
    }
}

#[tokio::test]
async fn an_order_of_an_account_is_seen_and_cancelled_by_its_customer_alone() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(ADA).await;
    let (show, cancel) = (order_path(&order, ""), order_path(&order, "/cancel"));
    for (actor, refused) in [(EVE, 404), ("", 401), ("operator:ada", 401)] {
        assert_eq!(fixture.send_as(actor, "GET", &show, &Value::Null).await.0, refused, "{actor}");
        assert_eq!(
            fixture.send_as(actor, "POST", &cancel, &Value::Null).await.0,
            refused,
            "{actor}"
        );
    }
    assert_eq!(fixture.get(&show).await.0, 200, "operators see it");
    assert_eq!(fixture.send_as(ADA, "GET", &show, &Value::Null).await.0, 200);
    let (status, cancelled) = fixture.send_as(ADA, "POST", &cancel, &Value::Null).await;
    assert_eq!((status, cancelled["status"].as_str()), (200, Some("cancelled")));
}

#[tokio::test]
async fn the_order_of_a_guest_is_in_no_account_and_seen_by_whoever_knows_it() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(&format!("guest:{CART}")).await;
    let show = order_path(&order, "");
    for actor in [ADA, ""] {
        assert_eq!(fixture.send_as(actor, "GET", &show, &Value::Null).await.0, 200, "{actor}");
    }
    assert!(fixture.numbers_of(ADA).await.is_empty());
    let documents = fixture.world.storage().documents;
    let collection = DocumentOrderIndex::account_collection();
    assert!(documents.scan(collection, None, 10).await.unwrap().is_empty(), "nothing is written");
}

#[tokio::test(start_paused = true)]
async fn an_erased_customer_has_no_orders_in_the_account_any_more() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(ADA).await;
    fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
    assert_eq!(fixture.numbers_of(ADA).await, ["1000001"]);
    fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
    assert!(fixture.numbers_of(ADA).await.is_empty());
    let events = fixture.world.storage().journal.follow(0, 1_000).await.unwrap();
    let account = ADA.strip_prefix("customer:").unwrap();
    let shown = events.iter().map(|event| crate::adapters::maintenance::event_json(event).unwrap());
    assert!(!shown.into_iter().any(|json| json.get().contains(account)), "the key is destroyed");
}
