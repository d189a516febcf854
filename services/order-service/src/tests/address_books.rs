//! Address books through the router: seen and changed by their customer alone, encrypted where they are stored, gone when erased.

use super::http::HttpFixture;
use crate::{adapters::maintenance::event_json, domain::address_book::ADDRESSES_MAX};
use identifiers::AccountId;
use serde_json::{Value, json};

const ADA: &str = "customer:0190a8b4-0000-7000-8000-00000000ada0";
const EVE: &str = "customer:0190a8b4-0000-7000-8000-00000000e0e0";
const PATH: &str = "/api/v1/account/addresses";

fn path(number: usize) -> String {
    format!("{PATH}/0190a8b4-0000-7000-8000-{number:012x}")
}

fn address(line1: &str) -> Value {
    json!({"name": "Ada", "line1": line1, "city": "London", "postal_code": "sw1a1aa", "country": "GB"})
}

impl HttpFixture {
    /// Status and body of a request about an address book by this actor.
    async fn book_of(&self, actor: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("icommerce-edge", "shop"), ("icommerce-actor", actor)];
        let response = self.respond(method, path, &headers, body).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn store(&self, actor: &str, number: usize, line1: &str) -> (u16, Value) {
        let body = json!({"address": address(line1)});
        self.book_of(actor, "PUT", &path(number), &body).await
    }

    /// What the journal has of address books, as JSON; with the text in which it is stored.
    async fn address_events(&self) -> Vec<String> {
        let events = self.world.storage().journal.follow(0, 1_000).await.unwrap();
        let own = events.iter().filter(|event| event.stream.starts_with("addresses-"));
        own.map(|event| event_json(event).unwrap().get().to_owned()).collect()
    }
}

fn lines(book: &Value) -> Vec<&str> {
    book["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["address"]["line1"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_customer_keeps_addresses_and_nobody_else_sees_them() {
    let shop = HttpFixture::open().await;
    let (status, empty) = shop.book_of(ADA, "GET", PATH, &Value::Null).await;
    assert_eq!((status, &empty), (200, &json!({"items": [], "addresses_max": ADDRESSES_MAX})));
    assert_eq!(shop.store(ADA, 1, "1 Road").await.0, 200);
    let (_, book) = shop.store(ADA, 2, "2 Road").await;
    assert_eq!(lines(&book), ["1 Road", "2 Road"]);
    assert_eq!(book["items"][0]["address"]["postal_code"], "SW1A 1AA", "in its normal form");
    assert_eq!(
        (&book["items"][0]["default_delivery"], &book["items"][1]["default_delivery"]),
        (&json!(true), &json!(false))
    );
    let chosen = json!({"address": address("2 Road"), "default_billing": true});
    let (_, book) = shop.book_of(ADA, "PUT", &path(2), &chosen).await;
    assert_eq!(
        (&book["items"][0]["default_delivery"], &book["items"][1]["default_billing"]),
        (&json!(true), &json!(true))
    );
    let (_, of_eve) = shop.book_of(EVE, "GET", PATH, &Value::Null).await;
    assert_eq!(lines(&of_eve), Vec::<&str>::new());
    // An id is no key to it: under the same one Eve has an address of her own.
    shop.store(EVE, 1, "Other Road").await;
    shop.book_of(EVE, "DELETE", &path(1), &Value::Null).await;
    let (_, book) = shop.book_of(ADA, "DELETE", &path(2), &Value::Null).await;
    assert_eq!(lines(&book), ["1 Road"]);
    assert_eq!(book["items"][0]["default_billing"], true);
    let (again, _) = shop.book_of(ADA, "DELETE", &path(2), &Value::Null).await;
    assert_eq!(again, 200);
    for method in ["GET", "PUT", "DELETE"] {
        let at = if method == "GET" { PATH.to_owned() } else { path(1) };
        let body = json!({"address": address("1 Road")});
        let (status, problem) = shop.book_of("", method, &at, &body).await;
        assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")), "{method}");
    }
}

#[tokio::test]
async fn an_address_is_checked_by_the_rule_of_the_checkout_and_there_are_so_many_at_most() {
    let shop = HttpFixture::open().await;
    let wrong =
        json!({"address": {"name": "", "line1": "1 Road", "postal_code": "!", "country": "DE"}});
    let (status, problem) = shop.book_of(ADA, "PUT", &path(1), &wrong).await;
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(status, 422, "{problem}");
    assert_eq!(fields, ["address.name", "address.postal_code", "address.city"]);
    for number in 0..ADDRESSES_MAX {
        assert_eq!(shop.store(ADA, number, &format!("{number} Road")).await.0, 200);
    }
    let (status, problem) = shop.store(ADA, 99, "99 Road").await;
    assert_eq!((status, &problem["code"]), (422, &json!("address_limit")));
    assert_eq!(shop.store(ADA, 99, "3 Road").await.0, 200, "it is there already");
}

#[tokio::test]
async fn an_address_is_encrypted_where_it_is_stored_and_gone_when_its_customer_is_erased() {
    let shop = HttpFixture::open().await;
    shop.store(ADA, 1, "Secret Road").await;
    shop.store(EVE, 2, "Other Road").await;
    assert!(shop.address_events().await.concat().contains("Secret Road"));
    let account: AccountId = ADA.strip_prefix("customer:").unwrap().parse().unwrap();
    let nobody: AccountId = "0190a8b4-0000-7000-8000-000000000bad".parse().unwrap();
    let books = &shop.process.use_cases.addresses;
    let given_up = || shop.world.storage().subject_keys.erasures().len();
    books.erase(nobody).await.unwrap();
    assert_eq!(given_up(), 0, "of whom nothing is stored no key is given up");
    books.erase(account).await.unwrap();
    let (_, book) = shop.book_of(ADA, "GET", PATH, &Value::Null).await;
    assert_eq!(lines(&book), Vec::<&str>::new());
    let left = shop.address_events().await.concat();
    assert!(!left.contains("Secret Road") && left.contains("Other Road"), "{left}");
    books.erase(account).await.unwrap();
    assert_eq!(given_up(), 1, "again is no change");
    // Whoever comes back begins anew, under another key.
    let (_, book) = shop.store(ADA, 3, "New Road").await;
    assert_eq!(lines(&book), ["New Road"]);
    assert!(shop.address_events().await.concat().contains("New Road"));
}

#[tokio::test]
async fn an_erasure_that_a_crash_interrupted_ends_with_the_next_start() {
    let shop = HttpFixture::open().await;
    shop.store(ADA, 1, "Secret Road").await;
    let account: AccountId = ADA.strip_prefix("customer:").unwrap().parse().unwrap();
    let keys = &shop.process.use_cases.addresses.keys;
    keys.request(keys.current(account)).await.unwrap();
    assert!(shop.address_events().await.concat().contains("Secret Road"), "it is requested alone");
    shop.world.start().await;
    assert!(!shop.address_events().await.concat().contains("Secret Road"));
}
