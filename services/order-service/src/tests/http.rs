//! HTTP operations through the router.

use super::test_world::{CART, Process, TOTAL, TestWorld};
use crate::adapters::{http::routes, replay::OrderRenderer};
use axum::{
    body::Body,
    http::{Request, StatusCode},
    response::Response,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// Service with its router and its world.
pub(super) struct HttpFixture {
    pub(super) world: TestWorld,
    pub(super) process: Process,
    router: transport::RequestHandler,
}

impl HttpFixture {
    pub(super) async fn open() -> Self {
        Self::on(TestWorld::new()).await
    }

    pub(super) async fn on(world: TestWorld) -> Self {
        let process = world.start().await;
        let ids = world.ids();
        let values = world.storage().key_value;
        let renderer = Arc::new(OrderRenderer(Arc::clone(&process.use_cases.read.orders)));
        let parts = web::ServiceParts {
            metrics: telemetry::Metrics::new(),
            ids: ids.clone(),
            idempotency: Some(
                web::Idempotency::new("order-service", values, ids).with_renderer(renderer),
            ),
            limits: web::Limits::default(),
        };
        let router = web::service("order-service", routes(process.use_cases.clone()), parts).router;
        Self { world, process, router }
    }

    /// Fixture after a restart of the service.
    pub(super) async fn reopened(self) -> Self {
        self.process.kill();
        let world = self.world;
        let process = world.start().await;
        let ids = world.ids();
        let parts = web::ServiceParts {
            metrics: telemetry::Metrics::new(),
            ids,
            // The remembered responses are lost.
            idempotency: None,
            limits: web::Limits::default(),
        };
        let router = web::service("order-service", routes(process.use_cases.clone()), parts).router;
        Self { world, process, router }
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        key: &str,
        edge: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let headers = [("idempotency-key", key), ("icommerce-edge", edge)];
        let response = self.respond(method, path, &headers, body).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Response to a request with these headers, those without a value left out.
    pub(super) async fn respond(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send("GET", path, "", "operator", &Value::Null).await
    }

    pub(super) async fn post(&self, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        self.send("POST", path, key, "operator", &body).await
    }

    pub(super) async fn checkout(&self, key: &str, token: &str) -> (StatusCode, Value) {
        self.send("POST", &checkout_path(), key, "shop", &checkout_body(token)).await
    }
}

pub(super) fn checkout_path() -> String {
    format!("/api/v1/carts/{CART}/checkout")
}

pub(super) fn checkout_body(token: &str) -> Value {
    json!({
        "email": "ada@example.com",
        "shipping_address": {"name": "Ada", "line1": "Ringstr. 1", "city": "Bonn", "postal_code": "53111", "country": "DE"},
        "payment": {"method": "test", "token": token},
    })
}

pub(super) fn order_body(quantity: i64) -> Value {
    let mut body = checkout_body("success");
    body["lines"] = json!([{"sku": "MUG", "quantity": quantity}]);
    body
}

pub(super) fn order_path(order: &Value, rest: &str) -> String {
    format!("/api/v1/orders/{}{rest}", order["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_cart_becomes_an_order_once() {
    let fixture = HttpFixture::open().await;
    let (status, order) = fixture.checkout("k1", "success").await;
    assert_eq!(status, 201, "{order}");
    assert_eq!(
        (order["status"].as_str(), order["number"].as_str()),
        (Some("confirmed"), Some("1000001"))
    );
    assert_eq!(
        (order["payment_status"].as_str(), order["fulfilment_status"].as_str()),
        (Some("paid"), Some("unfulfilled"))
    );
    assert_eq!(order["totals"]["total"]["amount"], TOTAL);
    assert_eq!(order["payment"]["captured"]["amount"], TOTAL);
    assert_eq!(order["lines"][0]["sku"], "MUG");
    assert_eq!(order["history"][1]["event"], "confirmed");
    assert_eq!(fixture.checkout("k1", "success").await, (status, order.clone()));
    let (status, refused) = fixture.checkout("k2", "success").await;
    assert_eq!((status.as_u16(), refused["code"].as_str()), (409, Some("already_ordered")));
    assert_eq!(refused["subject"], order["id"]);
    let (status, seen) =
        fixture.send("GET", &order_path(&order, ""), "", "shop", &Value::Null).await;
    assert_eq!((status.as_u16(), seen), (200, order));
}

#[tokio::test]
async fn a_repeated_request_finds_its_order_after_its_response_was_lost() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let (_, declined) = fixture
        .post("/api/v1/orders", "k9", {
            let mut body = order_body(1);
            body["payment"]["token"] = "decline".into();
            body
        })
        .await;
    let fixture = fixture.reopened().await;
    let (status, again) = fixture.checkout("k1", "success").await;
    assert_eq!((status.as_u16(), again), (201, order));
    let (status, other) = fixture.checkout("k1", "requires_action").await;
    assert_eq!((status.as_u16(), other["code"].as_str()), (422, Some("idempotency_key_reused")));
    let mut body = order_body(1);
    body["payment"]["token"] = "decline".into();
    let (status, again) = fixture.post("/api/v1/orders", "k9", body).await;
    assert_eq!((status.as_u16(), again), (402, declined));
    fixture.world.payments.lock().owes_nothing().unwrap_err();
    assert_eq!(fixture.world.payments.lock().count(), 2);
}

#[tokio::test]
async fn refusals_carry_their_facts_and_leave_the_cart_open() {
    let fixture = HttpFixture::open().await;
    let (status, problem) = fixture.checkout("k1", "decline").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (402, Some("payment_declined")));
    let mut body = checkout_body("success");
    body["expected_total"] = json!({"amount": 1, "currency": "EUR"});
    let (status, problem) = fixture.send("POST", &checkout_path(), "k2", "shop", &body).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("price_changed")));
    assert_eq!(problem["facts"]["total"]["amount"], TOTAL);
    fixture.world.is_clean().unwrap();
    fixture.world.stock.lock().sell_out();
    let (status, problem) = fixture.checkout("k3", "success").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("out_of_stock")));
    assert_eq!(
        (problem["subject"].as_str(), problem["facts"]["available"].as_i64()),
        (Some("MUG"), Some(0))
    );
    assert_eq!(fixture.world.payments.lock().count(), 1, "no payment was authorised");
    fixture.world.carts.lock().is_open(CART).unwrap();
}

#[tokio::test]
async fn invalid_input_is_refused_before_the_checkout_begins() {
    let fixture = HttpFixture::open().await;
    for (key, (path, value, field)) in [
        ("/email", json!("nobody"), "email"),
        ("/shipping_address/name", json!(""), "shipping_address.name"),
        ("/shipping_address/country", json!("Germany"), "shipping_address.country"),
        ("/shipping_address/country", json!("XX"), "shipping_address.country"),
        ("/shipping_address/country", json!("US"), "shipping_address.region"),
        ("/shipping_address/city", json!(" "), "shipping_address.city"),
        ("/shipping_address/postal_code", json!("!!"), "shipping_address.postal_code"),
        ("/payment/token", json!(""), "payment.token"),
        ("/payment/method", json!(7), "payment.method"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = checkout_body("success");
        *body.pointer_mut(path).unwrap() = value;
        let (status, problem) =
            fixture.send("POST", &checkout_path(), &format!("key-{key}"), "shop", &body).await;
        assert_eq!(
            (status.as_u16(), problem["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{problem}"
        );
    }
    let (status, problem) =
        fixture.send("POST", &checkout_path(), "", "shop", &checkout_body("success")).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("idempotency_key_missing")));
    let (status, _) = fixture
        .send("POST", "/api/v1/carts/7/checkout", "k", "shop", &checkout_body("success"))
        .await;
    assert_eq!(status, 400);
    assert_eq!(fixture.world.storage().journal.last_position().await.unwrap(), 0);
    let unknown = format!("/api/v1/carts/{}/checkout", kernel::Uuid::from_u128(1));
    let (status, _) = fixture.send("POST", &unknown, "k", "shop", &checkout_body("success")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn everything_that_is_wrong_with_the_contact_details_is_told_at_once() {
    let fixture = HttpFixture::open().await;
    let mut body = checkout_body("success");
    body["email"] = json!("nobody");
    for (country, postal_code) in
        [("US", "!!"), ("GB", "12345"), ("JP", "12"), ("BR", "0131010"), ("NL", "0000 AA")]
    {
        let address = json!({"name": "", "line1": "1 Road", "city": "X", "region": "Nowhere", "postal_code": postal_code, "country": country});
        body["billing_address"] = address;
        let (status, problem) =
            fixture.send("POST", &checkout_path(), country, "shop", &body).await;
        let errors = problem["errors"].as_array().unwrap();
        let mut fields: Vec<_> = errors.iter().map(|it| it["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        let mut expected = vec!["billing_address.name", "billing_address.postal_code", "email"];
        if !matches!(country, "GB" | "NL") {
            expected.insert(2, "billing_address.region");
        }
        assert_eq!((status.as_u16(), fields), (422, expected), "{country}");
    }
    assert_eq!(fixture.world.storage().journal.last_position().await.unwrap(), 0);
}

#[tokio::test]
async fn operators_place_orders_without_a_cart() {
    let fixture = HttpFixture::open().await;
    let mut body = order_body(1);
    body["lines"] = json!([{"sku": "MUG", "quantity": 1}, {"sku": "mug", "quantity": 2}]);
    let (status, order) = fixture.post("/api/v1/orders", "k1", body.clone()).await;
    assert_eq!(
        (status.as_u16(), order["lines"][0]["quantity"].as_i64()),
        (201, Some(3)),
        "{order}"
    );
    assert_eq!(order["cart_id"], Value::Null);
    assert_eq!(fixture.post("/api/v1/orders", "k1", body.clone()).await.1["id"], order["id"]);
    assert_ne!(fixture.post("/api/v1/orders", "k2", order_body(1)).await.1["id"], order["id"]);
    for (key, (lines, field)) in [
        (json!([]), "lines"),
        (json!([{"sku": "MUG", "quantity": 0}]), "lines[0].quantity"),
        (json!([{"sku": "", "quantity": 1}]), "lines[0].sku"),
        (json!([{"sku": "MUG ", "quantity": 1}]), "lines[0].sku"),
        (
            json!([{"sku": "MUG", "quantity": 60_000}, {"sku": "Mug", "quantity": 60_000}]),
            "lines[1].quantity",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        body["lines"] = lines;
        let (status, problem) =
            fixture.post("/api/v1/orders", &format!("key-{key}"), body.clone()).await;
        assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some(field)));
    }
    body["lines"] = json!([{"sku": "NOPE", "quantity": 1}]);
    let (status, problem) = fixture.post("/api/v1/orders", "k4", body).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("unknown_sku")));
}

#[tokio::test]
async fn shoppers_cannot_use_operator_operations() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    for (method, path, body) in [
        ("GET", "/api/v1/orders".to_owned(), Value::Null),
        ("POST", "/api/v1/orders".to_owned(), order_body(1)),
        ("GET", order_path(&order, "?as_of=2026-11-22T12:00:00Z"), Value::Null),
        ("POST", order_path(&order, "/fulfil"), Value::Null),
        ("POST", order_path(&order, "/refunds"), json!({"reason": "x"})),
        ("GET", "/api/v1/sagas".to_owned(), Value::Null),
        ("POST", format!("/api/v1/sagas/{CART}/retry"), Value::Null),
    ] {
        let (status, problem) = fixture.send(method, &path, &path, "shop", &body).await;
        assert_eq!(
            (status.as_u16(), problem["code"].as_str()),
            (403, Some("forbidden")),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_immediately() {
    let fixture = HttpFixture::open().await;
    for key in ["k1", "k2", "k3"] {
        assert_eq!(fixture.post("/api/v1/orders", key, order_body(1)).await.0, 201);
    }
    let mut other = order_body(1);
    other["email"] = "Grace@example.com".into();
    let (_, graces) = fixture.post("/api/v1/orders", "k4", other).await;
    fixture.post(&order_path(&graces, "/cancel"), "", Value::Null).await;
    let numbers = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["number"].as_str().unwrap().to_owned()).collect()
    };
    let (_, first) = fixture.get("/api/v1/orders?limit=3").await;
    assert_eq!(numbers(&first), ["1000004", "1000003", "1000002"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, second) = fixture.get(&format!("/api/v1/orders?limit=3&cursor={cursor}")).await;
    assert_eq!(
        (numbers(&second), &second["next_cursor"]),
        (vec!["1000001".to_owned()], &Value::Null)
    );
    for (query, expected) in [
        ("status=confirmed&limit=2", vec!["1000003", "1000002"]),
        ("status=cancelled", vec!["1000004"]),
        ("email=grace%40EXAMPLE.com", vec!["1000004"]),
        ("email=grace%40example.com&status=confirmed", vec![]),
        ("number=1000002", vec!["1000002"]),
        ("number=1000002&status=cancelled", vec![]),
        ("number=x", vec![]),
    ] {
        let (status, page) = fixture.get(&format!("/api/v1/orders?{query}")).await;
        assert_eq!(
            (status.as_u16(), numbers(&page)),
            (200, expected.into_iter().map(str::to_owned).collect()),
            "{query}"
        );
    }
    for query in ["status=lost", "limit=0", "colour=red"] {
        let (status, problem) = fixture.get(&format!("/api/v1/orders?{query}")).await;
        assert_eq!(
            (status.as_u16(), problem["code"].as_str()),
            (400, Some("invalid_query")),
            "{query}"
        );
    }
    let (status, problem) =
        fixture.get(&format!("/api/v1/orders?status=confirmed&cursor={cursor}")).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("invalid_cursor")));
}

#[tokio::test]
async fn a_guest_finds_an_order_by_its_number_and_e_mail_address() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let look_up =
        async |body: Value| fixture.send("POST", "/api/v1/orders/lookup", "", "shop", &body).await;
    for (number, email) in [
        ("1000001", "ada@example.com"),
        ("#1000001", "ada@example.com"),
        (" # 1000001 ", " Ada@EXAMPLE.com "),
    ] {
        let found = look_up(json!({"number": number, "email": email})).await;
        assert_eq!(found, (StatusCode::OK, json!({"id": order["id"]})), "{number} {email}");
    }
    let (_, wrong_email) = look_up(json!({"number": "1000001", "email": "eve@example.com"})).await;
    assert_eq!(
        (wrong_email["status"].as_u64(), &wrong_email["code"]),
        (Some(404), &json!("not_found"))
    );
    for (number, email) in [
        ("1000002", "ada@example.com"),
        ("1000001", ""),
        ("1000001", "ada@example.co"),
        ("", "ada@example.com"),
        ("#", "ada@example.com"),
        ("##1000001", "ada@example.com"),
        ("1000001x", "ada@example.com"),
        ("99999999999999999999999", "ada@example.com"),
    ] {
        let (status, problem) = look_up(json!({"number": number, "email": email})).await;
        assert_eq!(status, 404, "{number} {email}");
        assert_eq!(problem, wrong_email, "every no is the same answer");
    }
}

#[tokio::test]
async fn a_malformed_lookup_is_refused_and_a_repeated_one_gets_the_same_answer() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let path = "/api/v1/orders/lookup";
    for (body, status) in [
        (json!({"number": "1000001"}), 422),
        (json!({"number": 1_000_001, "email": "ada@example.com"}), 422),
        (json!({"number": "1000001", "email": "ada@example.com", "name": "Ada"}), 422),
        (Value::Null, 400),
    ] {
        assert_eq!(fixture.send("POST", path, "", "shop", &body).await.0, status, "{body}");
    }
    assert_eq!(fixture.send("GET", path, "", "shop", &Value::Null).await.0, 405);
    let body = json!({"number": "1000001", "email": "ada@example.com"});
    for _ in 0..2 {
        let (status, found) = fixture.send("POST", path, "l1", "shop", &body).await;
        assert_eq!((status.as_u16(), &found["id"]), (200, &order["id"]));
    }
}

#[tokio::test]
async fn an_order_can_be_read_as_of_an_instant() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    fixture.world.clock.advance(std::time::Duration::from_mins(10));
    fixture.post(&order_path(&order, "/fulfil"), "", Value::Null).await;
    let status_at = async |instant: &str| {
        let (status, seen) = fixture.get(&order_path(&order, &format!("?as_of={instant}"))).await;
        (status.as_u16(), seen["status"].as_str().map(str::to_owned))
    };
    assert_eq!(status_at("2026-11-22T12:09:59Z").await, (200, Some("confirmed".to_owned())));
    assert_eq!(status_at("2026-11-22T12:10:00Z").await, (200, Some("completed".to_owned())));
    assert_eq!(status_at("2026-11-22T11:59:59Z").await.0, 404);
    assert_eq!(status_at("yesterday").await.0, 400);
}

#[tokio::test]
async fn orders_are_refunded_through_the_api() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let path = order_path(&order, "/refunds");
    let units =
        json!({"lines": [{"sku": "Mug", "quantity": 1}], "restock": true, "reason": "broken"});
    let (status, refunded) = fixture.post(&path, "r1", units.clone()).await;
    assert_eq!(status, 201, "{refunded}");
    assert_eq!(refunded["refunds"][0]["amount"]["amount"], 1_800);
    assert_eq!(refunded["refunds"][0]["status"], "done");
    assert_eq!(refunded["refunds"][0]["lines"], json!([{"sku": "MUG", "quantity": 1}]));
    assert_eq!(refunded["payment_status"], "partially_refunded");
    assert_eq!(refunded["lines"][0]["refunded_quantity"], 1);
    assert_eq!(fixture.post(&path, "r1", units).await.1, refunded);
    let (status, problem) = fixture
        .post(&path, "r2", json!({"amount": {"amount": 9_999, "currency": "EUR"}, "reason": "x"}))
        .await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("exceeds_refundable")));
    assert_eq!(problem["facts"]["refundable"]["amount"], TOTAL - 1_800);
    for (body, field) in [
        (json!({"reason": " "}), "reason"),
        (json!({"reason": "x", "amount": {"amount": 0, "currency": "EUR"}}), "amount.amount"),
        (json!({"reason": "x", "amount": {"amount": 1, "currency": "EUR"}, "lines": []}), "amount"),
        (
            json!({"reason": "x", "amount": {"amount": 1, "currency": "EUR"}, "restock": true}),
            "restock",
        ),
        (json!({"reason": "x", "lines": []}), "lines"),
        (json!({"reason": "x", "lines": [{"sku": "MUG", "quantity": 2}]}), "lines[0].quantity"),
    ] {
        let (status, problem) =
            fixture.post(&path, &body.to_string().len().to_string(), body.clone()).await;
        assert_eq!(
            (status.as_u16(), problem["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{body}"
        );
    }
    let dollars = json!({"amount": {"amount": 1, "currency": "USD"}, "reason": "x"});
    assert_eq!(fixture.post(&path, "r9", dollars).await.1["code"], "currency_mismatch");
}

#[tokio::test]
async fn an_order_is_cancelled_with_or_without_a_reason() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let cancel = order_path(&order, "/cancel");
    let (status, _) = fixture.post(&cancel, "", json!({"why": "x"})).await;
    assert_eq!(status, 422);
    let (status, cancelled) =
        fixture.send("POST", &cancel, "", "shop", &json!({"reason": "too many mugs"})).await;
    assert_eq!(
        (status.as_u16(), cancelled["status"].as_str()),
        (200, Some("cancelled")),
        "{cancelled}"
    );
    assert_eq!(cancelled["cancel_reason"], "too many mugs");
    assert_eq!(
        (cancelled["payment_status"].as_str(), cancelled["fulfilment_status"].as_str()),
        (Some("refunded"), Some("not_required"))
    );
    assert_eq!(fixture.send("POST", &cancel, "", "shop", &Value::Null).await.1, cancelled);
    fixture.world.stock.lock().has_units(10, 0).unwrap();
    fixture.world.payments.lock().owes_nothing().unwrap();
    let (status, problem) = fixture.post(&order_path(&order, "/fulfil"), "", Value::Null).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("order_cancelled")));
    let unknown = format!("/api/v1/orders/{CART}/cancel");
    assert_eq!(fixture.post(&unknown, "", Value::Null).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn operators_list_sagas_and_retry_them() {
    let fixture = HttpFixture::open().await;
    fixture.world.payments.lock().unavailable = true;
    let (status, order) = fixture.checkout("k1", "success").await;
    assert_eq!((status.as_u16(), order["status"].as_str()), (201, Some("pending")));
    assert_eq!(fixture.post("/api/v1/orders", "k2", order_body(1)).await.0, 201);
    let (_, page) = fixture.get("/api/v1/sagas?limit=1").await;
    let saga = &page["items"][0];
    assert_eq!(
        (saga["name"].as_str(), saga["step"].as_str()),
        (Some("checkout"), Some("authorise"))
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, rest) = fixture.get(&format!("/api/v1/sagas?cursor={cursor}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_ne!(rest["items"][0]["id"], saga["id"]);
    assert_eq!(fixture.get("/api/v1/sagas?state=waiting").await.1["items"], json!([]));
    assert_eq!(fixture.get("/api/v1/sagas?state=lost").await.0, 400);
    fixture.world.payments.lock().unavailable = false;
    let retry = format!("/api/v1/sagas/{}/retry", saga["id"].as_str().unwrap());
    let (status, retried) = fixture.post(&retry, "", Value::Null).await;
    assert_eq!((status.as_u16(), retried["state"].as_str()), (200, Some("done")), "{retried}");
    let (status, problem) = fixture.post(&retry, "", Value::Null).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("saga_not_stuck")));
    assert_eq!(fixture.post(&format!("/api/v1/sagas/{CART}/retry"), "", Value::Null).await.0, 404);
}
