//! Router tests on the in-memory engine. The catalogue is a stub of three products; the system tests cover the real
//! product service.

use super::*;
use crate::{
    adapters::settings::CartSettings, application::quote_calculator::QuoteCalculator,
    ports::catalogue::Catalogue,
};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use contracts::{product::VariantFacts, shared::ProductId};
use http_body_util::BodyExt;
use journal::Repository;
use kernel::{Ids, ManualClock, SeededRandomness, UnitPrice, Uuid};
use serde_json::{Value, json};
use std::{num::NonZeroUsize, time::Duration};
use tower::ServiceExt;

#[derive(Debug)]
struct ThreeProducts;

#[async_trait::async_trait]
impl Catalogue for ThreeProducts {
    async fn variants(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem> {
        let facts = |sku: String| {
            let (price, for_sale, only_left) = match sku.as_str() {
                "MUG" => ("18.00", true, None),
                "LAMP" => ("71.20", true, Some(3)),
                "GONE" => ("5.00", false, None),
                _ => return None,
            };
            Some(VariantFacts {
                product_id: ProductId(Uuid::from_u128(1)),
                slug: sku.to_lowercase(),
                name: sku.clone(),
                options: std::collections::BTreeMap::default(),
                price: UnitPrice::parse_major(price, Currency::EUR).unwrap(),
                image: None,
                for_sale,
                in_stock: for_sale,
                only_left,
                weight_grams: 100,
                sku,
            })
        };
        Ok(skus.into_iter().filter_map(facts).collect())
    }
}

fn service() -> Router {
    let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    let storage = engine_memory::MemoryEngine::new().service("shopping-cart-service");
    let pricing = CartSettings::default().pricing().unwrap();
    let carts = Arc::new(CartService {
        repository: Repository::new(storage.journal, ids.clone(), NonZeroUsize::MIN),
        quotes: QuoteCalculator::new(Arc::new(ThreeProducts), pricing),
        ids: ids.clone(),
        ttl: Duration::from_hours(1),
    });
    let parts = web::ServiceParts {
        metrics: telemetry::Metrics::new(),
        ids: ids.clone(),
        idempotency: Some(web::Idempotency::new("shopping-cart-service", storage.key_value, ids)),
        limits: web::Limits::default(),
    };
    web::service("shopping-cart-service", routes(&carts), parts).router
}

async fn send(service: &Router, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request =
        Request::builder().method(method).uri(path).header("content-type", "application/json");
    let response = service.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Status and `ETag` of the response to a change with `If-Match`.
async fn change_seen(
    service: &Router,
    method: &str,
    path: &str,
    if_version: &str,
    body: Value,
) -> (u16, Option<String>) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json").header("if-match", if_version);
    let response = service.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (response.status().as_u16(), tag)
}

#[tokio::test]
async fn a_change_with_a_stale_version_is_rejected() {
    let service = service();
    let cart = cart_with(&service, json!([{"sku": "MUG", "quantity": 1}])).await;
    assert_eq!(cart["version"], 1);
    let lines = format!("/api/v1/carts/{}/lines", cart["id"].as_str().unwrap());
    let mug = format!("{lines}/MUG");
    let tag = |version: u64| Some(format!("\"{version}\""));
    let two = json!({"quantity": 2});
    assert_eq!(change_seen(&service, "PATCH", &mug, "\"1\"", two.clone()).await, (200, tag(2)));
    let (_, cart) = send(&service, "PATCH", &mug, json!({"quantity": 5})).await;
    assert_eq!(cart["version"], 3);
    // The network redelivers old requests.
    for (method, path, body) in [
        ("PATCH", &mug, two),
        ("DELETE", &mug, Value::Null),
        ("POST", &lines, json!({"sku": "LAMP", "quantity": 1})),
    ] {
        assert_eq!(change_seen(&service, method, path, "\"1\"", body).await.0, 412, "{method}");
    }
    let (_, now) = send(&service, "GET", lines.strip_suffix("/lines").unwrap(), Value::Null).await;
    assert_eq!((&now["version"], &now["lines"][0]["quantity"]), (&json!(3), &json!(5)));
    let lamp = json!({"sku": "LAMP", "quantity": 1});
    assert_eq!(change_seen(&service, "POST", &lines, "\"3\"", lamp).await, (200, tag(4)));
    assert_eq!(change_seen(&service, "DELETE", &mug, "*", Value::Null).await, (200, tag(5)));
    // A change that already took effect is not rejected: the version advanced when it did.
    assert_eq!(change_seen(&service, "DELETE", &mug, "\"4\"", Value::Null).await, (200, tag(5)));
    assert_eq!(change_seen(&service, "DELETE", &mug, "five", Value::Null).await.0, 400);
}

async fn cart_with(service: &Router, lines: Value) -> Value {
    let (status, cart) = send(service, "POST", "/api/v1/carts", json!({ "lines": lines })).await;
    assert_eq!(status, 201, "{cart}");
    cart
}

#[tokio::test]
async fn a_cart_shows_all_costs_from_the_first_line() {
    let service = service();
    let cart = cart_with(&service, json!([{"sku": "MUG", "quantity": 2}])).await;
    let amount = |name: &str| cart["totals"][name]["amount"].as_i64().unwrap();
    assert_eq!((amount("items"), amount("shipping"), amount("total")), (3_600, 490, 4_090));
    // 575 for the mugs and 78 for the delivery, each rounded once.
    assert_eq!(amount("tax"), 575 + 78);
    assert_eq!(cart["totals"]["tax_included"], true);

    let path = format!("/api/v1/carts/{}/lines", cart["id"].as_str().unwrap());
    let (status, cart) = send(&service, "POST", &path, json!({"sku": "LAMP", "quantity": 1})).await;
    assert_eq!(status, 200);
    assert_eq!(cart["totals"]["shipping"]["amount"], 0);
    assert_eq!(cart["totals"]["total"]["amount"], 3_600 + 7_120);
    assert_eq!(cart["item_count"], 3);
}

#[tokio::test]
async fn lines_are_changed_and_removed() {
    let service = service();
    let cart =
        cart_with(&service, json!([{"sku": "MUG", "quantity": 1}, {"sku": "LAMP", "quantity": 1}]))
            .await;
    let path = format!("/api/v1/carts/{}/lines", cart["id"].as_str().unwrap());
    let (_, cart) = send(&service, "PATCH", &format!("{path}/LAMP"), json!({"quantity": 4})).await;
    assert_eq!(cart["notices"][0]["code"], "fewer_left");
    let (_, cart) = send(&service, "DELETE", &format!("{path}/LAMP"), Value::Null).await;
    assert_eq!(cart["lines"].as_array().unwrap().len(), 1);
    let (status, problem) =
        send(&service, "PATCH", &format!("{path}/LAMP"), json!({"quantity": 4})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")));
}

#[tokio::test]
async fn invalid_input_is_rejected_with_the_field_name() {
    let service = service();
    let cart = cart_with(&service, json!([{"sku": "MUG", "quantity": 1}])).await;
    let lines = format!("/api/v1/carts/{}/lines", cart["id"].as_str().unwrap());
    let unknown = "/api/v1/carts/00000000-0000-7000-8000-000000000000";
    let cases = [
        ("POST", lines.as_str(), json!({"sku": "NOPE", "quantity": 1}), 422, "unknown_sku", "sku"),
        ("POST", &lines, json!({"sku": "GONE", "quantity": 1}), 422, "unknown_sku", "sku"),
        ("POST", &lines, json!({"sku": "MUG", "quantity": 0}), 422, "invalid_field", "quantity"),
        ("POST", &lines, json!({"sku": "MUG", "quantity": -5}), 422, "invalid_field", "quantity"),
        (
            "POST",
            &lines,
            json!({"sku": "MUG", "quantity": "two"}),
            422,
            "invalid_field",
            "quantity",
        ),
        ("POST", &lines, json!({"sku": "MUG", "quantity": 1e30}), 422, "invalid_field", "quantity"),
        (
            "POST",
            &lines,
            json!({"sku": "MUG", "quantity": 1, "price": 1}),
            422,
            "invalid_field",
            "price",
        ),
        ("POST", "/api/v1/carts", json!({"currency": "XYZ"}), 422, "invalid_field", "currency"),
        (
            "POST",
            "/api/v1/carts",
            json!({"lines": [{"sku": "MUG", "quantity": 0}]}),
            422,
            "invalid_field",
            "lines[0].quantity",
        ),
        (
            "POST",
            "/internal/v1/quotes",
            json!({"destination": {"country": "DE"}}),
            422,
            "cart_empty",
            "",
        ),
        ("GET", unknown, Value::Null, 404, "not_found", ""),
        ("GET", "/api/v1/carts/nonsense", Value::Null, 400, "invalid_path", ""),
        (
            "GET",
            "/api/v1/shipping-methods?country=ZZ",
            Value::Null,
            422,
            "invalid_field",
            "country",
        ),
    ];
    for (method, path, body, status, code, field) in cases {
        let (answered, problem) = send(&service, method, path, body.clone()).await;
        assert_eq!(
            (answered.as_u16(), problem["code"].as_str()),
            (status, Some(code)),
            "{method} {path} {body} {problem}"
        );
        if !field.is_empty() {
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
    }
}

#[tokio::test]
async fn products_without_a_price_in_the_carts_currency_are_rejected() {
    let service = service();
    let body = json!({"currency": "GBP", "lines": [{"sku": "MUG", "quantity": 1}]});
    let (status, problem) = send(&service, "POST", "/api/v1/carts", body).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("not_sold_in_currency")));
}

#[tokio::test]
async fn a_cart_is_frozen_for_one_order_reopened_and_ordered() {
    let service = service();
    let cart = cart_with(&service, json!([{"sku": "MUG", "quantity": 2}])).await;
    let id = cart["id"].as_str().unwrap();
    let order = |number: u128| Uuid::from_u128(number).to_string();
    let freeze = |number| format!("/internal/v1/carts/{id}/checkouts/{}", order(number));
    let request = json!({"destination": {"country": "FR"}, "shipping_method": "express"});

    for _ in 0..2 {
        let (status, quote) = send(&service, "PUT", &freeze(1), request.clone()).await;
        assert_eq!(status, 200, "{quote}");
        assert_eq!(quote["totals"]["total"]["amount"], 3_600 + 1_290);
        assert_eq!(quote["lines"][0]["tax_rate"], "0.2");
    }
    let (status, problem) = send(&service, "PUT", &freeze(2), request.clone()).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("checking_out")));

    let given_back = json!({"order_id": order(1)});
    let (status, _) =
        send(&service, "POST", &format!("/internal/v1/carts/{id}/reopen"), given_back).await;
    assert_eq!(status, 200);
    let (status, _) = send(&service, "PUT", &freeze(2), request.clone()).await;
    assert_eq!(status, 200);
    let (status, _) = send(
        &service,
        "POST",
        &format!("/internal/v1/carts/{id}/ordered"),
        json!({"order_id": order(2)}),
    )
    .await;
    assert_eq!(status, 200);
    let (_, cart) = send(&service, "GET", &format!("/api/v1/carts/{id}"), Value::Null).await;
    assert_eq!(
        (cart["status"].as_str(), cart["order_id"].as_str()),
        (Some("ordered"), Some(order(2).as_str()))
    );
    let (status, problem) = send(&service, "PUT", &freeze(3), request).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("already_ordered")));
}

#[tokio::test]
async fn a_cart_has_at_most_a_thousand_lines() {
    #[derive(Debug)]
    struct AnySku;
    #[async_trait::async_trait]
    impl Catalogue for AnySku {
        async fn variants(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem> {
            let mug = ThreeProducts.variants(vec!["MUG".to_owned()]).await?.remove(0);
            Ok(skus.into_iter().map(|sku| VariantFacts { sku, ..mug.clone() }).collect())
        }
    }
    let quotes = QuoteCalculator::new(Arc::new(AnySku), CartSettings::default().pricing().unwrap());
    let lines: Vec<_> =
        (0..1_000).map(|index| Quantity { sku: index.to_string(), quantity: 1 }).collect();
    let request = QuoteRequest {
        lines: Vec::new(),
        currency: None,
        destination: contracts::cart::Destination {
            country: "DE".to_owned(),
            ..Default::default()
        },
        shipping_method: None,
    };
    let quote = quotes.quote(&lines, Currency::EUR, &request).await.unwrap();
    assert_eq!(quote.totals.total.amount, 1_000 * 1_800);
    let too_many = (0..1_001)
        .map(|index| Quantity { sku: index.to_string(), quantity: 1 })
        .collect::<Vec<_>>();
    let error = Problem::from(merge_lines(&too_many).unwrap_err());
    assert_eq!(error.code.as_str(), "line_limit");
}
