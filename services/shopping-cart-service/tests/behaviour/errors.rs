//! Errors of the public API: status, code and field.

use crate::harness::{TestShop, path_of};
use serde_json::{Value, json};

/// Path of a cart that does not exist.
const UNKNOWN: &str = "/api/v1/carts/00000000-0000-7000-8000-000000000000";

/// Asserts that a request is rejected with this status and code, for this field unless it is empty.
async fn is_rejected(
    shop: &TestShop,
    (method, path, body): (&str, &str, Value),
    (status, code, field): (u16, &str, &str),
) {
    let answer = shop.send(method, path, body.clone()).await;
    let context = format!("{method} {path} {body}: {answer:?}");
    assert_eq!((answer.status, answer.code()), (status, code), "{context}");
    if !field.is_empty() {
        assert_eq!(answer.body["errors"][0]["field"], field, "{context}");
    }
}

fn line(sku: &str, quantity: impl Into<Value>) -> Value {
    json!({"sku": sku, "quantity": quantity.into()})
}

#[tokio::test]
async fn invalid_lines_are_rejected_with_the_field_name() {
    let shop = TestShop::open().await;
    let lines = format!("{}/lines", path_of(&shop.cart(&[("MUG", 1)]).await));
    let priced = json!({"sku": "MUG", "quantity": 1, "price": 1});
    for (body, code, field) in [
        (line("NOPE", 1), "unknown_sku", "sku"),
        (line("", 1), "unknown_sku", "sku"),
        (line("GONE", 1), "unknown_sku", "sku"),
        (line("MUG", 0), "invalid_field", "quantity"),
        (line("MUG", -5), "invalid_field", "quantity"),
        (line("MUG", "two"), "invalid_field", "quantity"),
        (line("MUG", 1e30), "invalid_field", "quantity"),
        (priced, "invalid_field", "price"),
    ] {
        is_rejected(&shop, ("POST", &lines, body), (422, code, field)).await;
    }
    for (body, code, field) in [
        (json!({"currency": "XYZ"}), "invalid_field", "currency"),
        (json!({"lines": [line("MUG", 0)]}), "invalid_field", "lines[0].quantity"),
        (json!({"lines": [line("MUG", 1), line("NOPE", 1)]}), "unknown_sku", "lines[1].sku"),
    ] {
        is_rejected(&shop, ("POST", "/api/v1/carts", body), (422, code, field)).await;
    }
}

#[tokio::test]
async fn invalid_quote_requests_are_rejected_with_the_field_name() {
    let shop = TestShop::open().await;
    let quote = format!("{}/quote", path_of(&shop.cart(&[("MUG", 1)]).await));
    let to = |country: &str| json!({"destination": {"country": country}});
    let to_postcode = |country: &str, postal_code: &str| json!({"destination": {"country": country, "postal_code": postal_code}});
    let by_drone = json!({"destination": {"country": "DE"}, "shipping_method": "drone"});
    let with_lines = json!({"destination": {"country": "DE"}, "lines": []});
    for (body, field) in [
        (to("ZZ"), "destination.country"),
        (to_postcode("US", "!!"), "destination.postal_code"),
        (to_postcode("GB", "12345"), "destination.postal_code"),
        (to_postcode("JP", "123"), "destination.postal_code"),
        (to_postcode("BR", "SW1A 1AA"), "destination.postal_code"),
        (to_postcode("NL", "1012"), "destination.postal_code"),
        (json!({}), "destination"),
        (with_lines, "lines"),
        (by_drone, "shipping_method"),
    ] {
        is_rejected(&shop, ("POST", &quote, body), (422, "invalid_field", field)).await;
    }
    let empty = format!("{}/quote", path_of(&shop.cart(&[]).await));
    is_rejected(&shop, ("POST", &empty, to("DE")), (422, "cart_empty", "")).await;
    let unknown = format!("{UNKNOWN}/quote");
    is_rejected(&shop, ("POST", &unknown, to("DE")), (404, "not_found", "")).await;
    let nonsense = "/api/v1/carts/nonsense/quote";
    is_rejected(&shop, ("POST", nonsense, to("DE")), (400, "invalid_path", "id")).await;
}

#[tokio::test]
async fn invalid_reads_are_rejected() {
    let shop = TestShop::open().await;
    for (path, expected) in [
        (UNKNOWN, (404, "not_found", "")),
        ("/api/v1/carts/nonsense", (400, "invalid_path", "id")),
        ("/api/v1/shipping-methods?country=ZZ", (422, "invalid_field", "country")),
    ] {
        is_rejected(&shop, ("GET", path, Value::Null), expected).await;
    }
}

#[tokio::test]
async fn products_without_a_price_in_the_carts_currency_are_rejected() {
    let shop = TestShop::open().await;
    let body = json!({"currency": "GBP", "lines": [line("MUG", 1)]});
    let expected = (422, "not_sold_in_currency", "");
    is_rejected(&shop, ("POST", "/api/v1/carts", body), expected).await;
}
