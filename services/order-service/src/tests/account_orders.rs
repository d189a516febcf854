//! Orders of customers who are signed in: found by the account, and seen by nobody else.

use super::{
    http::{HttpFixture, checkout_body, checkout_path, order_path},
    test_world::CART,
};
use crate::{
    adapters::{maintenance::event_json, order_index::DocumentOrderIndex},
    application::claim_order::{KnownOrder, REQUESTS_MAX},
    domain::{events::Placed, order::OrderCommand},
};
use identifiers::{AccountId, OrderId};
use kernel::{Problem, Uuid};
use serde_json::{Value, json};
use std::sync::Arc;

const ADA: &str = "customer:0190a8b4-0000-7000-8000-00000000ada0";
const EVE: &str = "customer:0190a8b4-0000-7000-8000-00000000e0e0";

fn account_of(customer: &str) -> AccountId {
    customer.strip_prefix("customer:").unwrap().parse().unwrap()
}

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

    /// Status of the request for a link.
    async fn request_claim(&self, actor: &str, number: &str, email: &str) -> u16 {
        let claim = json!({"number": number, "email": email, "language": "de"});
        let headers = [("icommerce-edge", "shop"), ("icommerce-actor", actor)];
        let path = "/api/v1/account/orders/claims";
        let status = self.respond("POST", path, &headers, &claim).await.status().as_u16();
        let places = &self.process.use_cases.claim.places;
        let all = u32::try_from(REQUESTS_MAX).unwrap();
        drop(places.acquire_many(all).await.unwrap());
        status
    }

    /// Token of the link by which Ada claims this order of a guest.
    async fn link(&self) -> String {
        assert_eq!(self.request_claim(ADA, "1000001", "ada@example.com").await, 204);
        self.world.letters.lock().pop().unwrap().token
    }

    /// Status of the question whether a link can be used.
    async fn check_link(&self, actor: &str, token: &str) -> u16 {
        let headers = [("icommerce-edge", "shop"), ("icommerce-actor", actor)];
        let path = "/api/v1/account/orders/claims/check";
        self.respond("POST", path, &headers, &json!({"token": token})).await.status().as_u16()
    }

    /// Status and answer of following a link.
    async fn redeem(&self, actor: &str, token: &str) -> (u16, Value) {
        let headers = [("icommerce-edge", "shop"), ("icommerce-actor", actor)];
        let path = "/api/v1/account/orders/claims/redeem";
        let response = self.respond("POST", path, &headers, &json!({"token": token})).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Whether the journal shows the account of Ada.
    async fn shows_account(&self) -> bool {
        let events = self.world.storage().journal.follow(0, 1_000).await.unwrap();
        let account = ADA.strip_prefix("customer:").unwrap();
        events.iter().any(|event| event_json(event).unwrap().get().contains(account))
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
async fn a_repeated_checkout_shows_the_order_to_its_customer_alone() {
    let fixture = HttpFixture::open().await;
    fixture.world.carts.lock().owner = Some(account_of(ADA));
    fixture.ordered_by(ADA).await;
    let body = checkout_body("success");
    for actor in [EVE, "", "operator:ada"] {
        let (status, answer) = fixture.send_as(actor, "POST", &checkout_path(), &body).await;
        assert_eq!((status, answer.get("shipping_address")), (404, None), "{actor}");
    }
    fixture.ordered_by(ADA).await;
    assert_eq!(fixture.numbers_of(ADA).await, ["1000001"]);
}

#[tokio::test]
async fn a_guest_whose_order_was_claimed_meanwhile_is_not_shown_it_by_a_repetition() {
    let fixture = HttpFixture::open().await;
    let guest = format!("guest:{CART}");
    fixture.ordered_by(&guest).await;
    let token = fixture.link().await;
    assert_eq!(fixture.redeem(ADA, &token).await.0, 200);
    let (fixture, body) = (fixture.reopened().await, checkout_body("success"));
    let (status, answer) = fixture.send_as(&guest, "POST", &checkout_path(), &body).await;
    assert_eq!((status, answer.get("shipping_address")), (401, None));
}

#[tokio::test]
async fn an_idempotency_key_for_the_cart_of_a_customer_is_occupied_by_nobody_else() {
    let fixture = HttpFixture::open().await;
    fixture.world.carts.lock().owner = Some(account_of(ADA));
    let body = checkout_body("decline");
    for stranger in [EVE, "", &format!("guest:{CART}")] {
        let (status, answer) = fixture.send_as(stranger, "POST", &checkout_path(), &body).await;
        assert_eq!((status, answer.get("lines")), (404, None), "{stranger}");
    }
    fixture.ordered_by(ADA).await;
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
    assert!(!fixture.shows_account().await, "the key is destroyed");
}

#[tokio::test]
async fn a_guests_order_is_claimed_by_the_link_to_its_address_once_and_by_who_asked_for_it() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(&format!("guest:{CART}")).await;
    assert_eq!(fixture.request_claim(ADA, "1000001", " Ada@Example.com ").await, 204);
    let letter = fixture.world.letters.lock().pop().unwrap();
    assert_eq!((&*letter.to, letter.number), ("ada@example.com", 1_000_001));
    assert_eq!(fixture.check_link(EVE, &letter.token).await, 404);
    assert_eq!(fixture.check_link("", &letter.token).await, 401);
    for _ in 0..2 {
        assert_eq!(
            fixture.check_link(ADA, &letter.token).await,
            204,
            "to look at it uses nothing up"
        );
    }
    assert_eq!(fixture.redeem(EVE, &letter.token).await.0, 404, "the link is of no use to others");
    assert_eq!(fixture.redeem("", &letter.token).await.0, 401);
    let (status, claimed) = fixture.redeem(ADA, &letter.token).await;
    assert_eq!((status, &claimed["id"]), (200, &order["id"]));
    assert_eq!(fixture.check_link(ADA, &letter.token).await, 404, "it was used");
    assert_eq!(fixture.redeem(ADA, &letter.token).await.0, 404, "it works once");
    assert_eq!(fixture.numbers_of(ADA).await, ["1000001"]);
    assert!(fixture.numbers_of(EVE).await.is_empty());
    let show = order_path(&order, "");
    assert_eq!(
        fixture.send_as("", "GET", &show, &Value::Null).await.0,
        401,
        "it is no guest's now"
    );
    // It is in an account, so that nobody can have it sent again.
    assert_eq!(fixture.request_claim(EVE, "1000001", "ada@example.com").await, 204);
    assert!(fixture.world.letters.lock().is_empty());
}

#[tokio::test]
async fn whoever_does_not_know_number_and_address_has_nothing_sent_and_does_not_learn_it() {
    let fixture = HttpFixture::open().await;
    fixture.ordered_by(&format!("guest:{CART}")).await;
    for (number, email) in [
        ("1000001", "eve@example.com"),
        ("1000002", "ada@example.com"),
        ("", "y@example.com"),
        ("x", "y@example.com"),
    ] {
        assert_eq!(fixture.request_claim(ADA, number, email).await, 204, "{number} {email}");
    }
    // What is no address is refused as that, whatever orders there are.
    for email in ["", "x", "ada@example", "ada@@example.com"] {
        assert_eq!(fixture.request_claim(ADA, "1000001", email).await, 422, "{email}");
    }
    assert!(fixture.world.letters.lock().is_empty());
    assert_eq!(fixture.request_claim("", "1000001", "ada@example.com").await, 401);
    for guess in ["", "0", &"0".repeat(64)] {
        assert_eq!(fixture.check_link(ADA, guess).await, 404);
        assert_eq!(fixture.redeem(ADA, guess).await.0, 404);
    }
}

#[tokio::test]
async fn links_end_after_a_day_and_only_so_many_are_sent_to_an_address() {
    let fixture = HttpFixture::open().await;
    fixture.ordered_by(&format!("guest:{CART}")).await;
    let ask = async || fixture.request_claim(ADA, "1000001", "ada@example.com").await;
    for _ in 0..5 {
        assert_eq!(ask().await, 204);
    }
    assert_eq!(ask().await, 429);
    let letters = std::mem::take(&mut *fixture.world.letters.lock());
    assert_eq!(letters.len(), 5);
    fixture.world.clock.advance(std::time::Duration::from_hours(24));
    assert_eq!(fixture.redeem(ADA, &letters[0].token).await.0, 404);
    assert_eq!(ask().await, 204, "a while later it may be asked for again");
}

#[tokio::test(start_paused = true)]
async fn the_account_of_a_claimed_order_is_erased_with_the_customer() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(&format!("guest:{CART}")).await;
    let token = fixture.link().await;
    fixture.redeem(ADA, &token).await;
    fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
    fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
    assert!(fixture.numbers_of(ADA).await.is_empty());
    assert!(!fixture.shows_account().await, "the key is destroyed");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_claimed_of_a_customer_whose_erasure_was_requested_however_far_it_is() {
    for ends in [false, true] {
        let fixture = HttpFixture::open().await;
        let order = fixture.ordered_by(&format!("guest:{CART}")).await;
        let token = fixture.link().await;
        if ends {
            fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
        }
        let outcome = fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
        assert_eq!(outcome.open.is_empty(), ends, "an order that is open defers it");
        let (status, problem) = fixture.redeem(ADA, &token).await;
        assert_eq!((status, &problem["code"]), (409, &json!("customer_erased")), "{ends}");
        assert_eq!(fixture.request_claim(ADA, "1000001", "ada@example.com").await, 204);
        assert!(fixture.world.letters.lock().is_empty(), "no further link is sent");
        assert!(fixture.numbers_of(ADA).await.is_empty());
        assert!(!fixture.shows_account().await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_of_an_account_stays_closed_when_the_customer_is_erased() {
    for is_claimed in [false, true] {
        let fixture = HttpFixture::open().await;
        let order = if is_claimed {
            let order = fixture.ordered_by(&format!("guest:{CART}")).await;
            let token = fixture.link().await;
            assert_eq!(fixture.redeem(ADA, &token).await.0, 200);
            order
        } else {
            fixture.ordered_by(ADA).await
        };
        let (show, cancel) = (order_path(&order, ""), order_path(&order, "/cancel"));
        fixture.post(&cancel, "", Value::Null).await;
        fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
        assert!(!fixture.shows_account().await, "the key is destroyed");
        let fixture = fixture.reopened().await;
        for (actor, refused) in [(ADA, 404), (EVE, 404), ("", 401), ("guest:x", 401)] {
            for (method, path) in [("GET", &show), ("POST", &cancel)] {
                let (status, answer) = fixture.send_as(actor, method, path, &Value::Null).await;
                assert_eq!((status, answer.get("lines")), (refused, None), "{actor} {method}");
            }
        }
        assert_eq!(fixture.get(&show).await.0, 200, "operators see it");
    }
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(&format!("guest:{CART}")).await;
    fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
    fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
    let show = order_path(&order, "");
    assert_eq!(fixture.send_as("", "GET", &show, &Value::Null).await.0, 200, "a guest's is not");
}

#[tokio::test(start_paused = true)]
async fn the_account_of_an_order_from_before_there_were_pseudonyms_is_encrypted_as_well() {
    let fixture = HttpFixture::open().await;
    let order = fixture.ordered_by(&format!("guest:{CART}")).await;
    let orders = Arc::clone(&fixture.process.use_cases.read.orders);
    let id: OrderId = order["id"].as_str().unwrap().parse().unwrap();
    let placed = orders.find(id).await.unwrap().unwrap().order.placed.clone();
    let former = Placed { customer: None, number: 71, ..Placed::clone(&placed) };
    let former_id = OrderId(Uuid::from_u128(71));
    orders.create(former_id, &OrderCommand::Place(Arc::new(former))).await.unwrap();
    orders.claim(former_id, account_of(ADA)).await.unwrap();
    assert!(fixture.shows_account().await);
    for id in [id, former_id] {
        let cancel = OrderCommand::Cancel { reason: "test".to_owned() };
        orders.execute(id, &cancel).await.unwrap();
    }
    fixture.process.use_cases.erase.execute("ada@example.com").await.unwrap();
    assert!(!fixture.shows_account().await, "the key is destroyed");
}

#[tokio::test]
async fn an_account_asks_for_so_many_links_whatever_addresses_it_names() {
    let fixture = HttpFixture::open().await;
    for number in 0..10 {
        let email = format!("{number}@example.com");
        assert_eq!(fixture.request_claim(ADA, "1", &email).await, 204, "{number}");
    }
    assert_eq!(fixture.request_claim(ADA, "1", "more@example.com").await, 429);
    assert_eq!(fixture.request_claim(EVE, "1", "more@example.com").await, 204, "others may");
    fixture.world.clock.advance(std::time::Duration::from_mins(15));
    assert_eq!(fixture.request_claim(ADA, "1", "more@example.com").await, 204);
}

#[tokio::test]
async fn the_answer_to_a_request_for_a_link_does_not_wait_for_what_it_looks_for() {
    let fixture = HttpFixture::open().await;
    fixture.ordered_by(&format!("guest:{CART}")).await;
    let claim = &fixture.process.use_cases.claim;
    let ask = |email: &str| {
        let known = KnownOrder { number: "1000001", email };
        claim.request(account_of(ADA), known, "de", None)
    };
    // Neither is waited for: to ask is no asynchronous function.
    for email in ["ada@example.com", "nobody@example.com"] {
        ask(email).unwrap();
        assert!(fixture.world.letters.lock().is_empty());
    }
    let all = u32::try_from(REQUESTS_MAX).unwrap();
    let places = claim.places.acquire_many(all).await.unwrap();
    assert_eq!(fixture.world.letters.lock().len(), 1);
    for email in ["ada@example.com", "nobody@example.com"] {
        let refused = Problem::from(ask(email).unwrap_err());
        assert_eq!(refused.code.to_string(), "overloaded", "there are so many places");
    }
    drop(places);
    ask("ada@example.com").unwrap();
}
