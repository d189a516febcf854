//! Responses with orders: kept by reference, and given again as they were.

use super::http::{HttpFixture, checkout_body, checkout_path, order_body, order_path};
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// Status, location and body of the response to a request with this key. A success is kept by reference to the order and
/// the version that it shows.
async fn send(
    fixture: &HttpFixture,
    edge: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> (u16, Option<String>, Value) {
    let headers = [("icommerce-edge", edge), ("idempotency-key", key)];
    let response = fixture.respond("POST", path, &headers, body).await;
    let reference = response.extensions().get::<web::ReplayReference>().copied();
    let location = response.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let order: Value = serde_json::from_slice(&body).unwrap();
    if status < 300 {
        let reference = reference.unwrap_or_else(|| panic!("{path} is kept as a copy"));
        assert_eq!(order["id"], reference.id.to_string());
        assert_eq!(order["version"], reference.version);
    }
    (status, location, order)
}

#[tokio::test]
async fn each_response_with_an_order_is_given_again_as_it_was() {
    let fixture = HttpFixture::open().await;
    let (_, created) = fixture.post("/api/v1/orders", "0", order_body(2)).await;
    let part = json!({"reason": "torn", "amount": {"amount": 100, "currency": "EUR"}});
    let requests = [
        ("shop", checkout_path(), checkout_body("success")),
        ("operator", "/api/v1/orders".to_owned(), order_body(1)),
        ("operator", order_path(&created, "/refunds"), part),
        ("operator", order_path(&created, "/fulfil"), Value::Null),
    ];
    let mut answers = Vec::new();
    for (edge, path, body) in &requests {
        let answer = send(&fixture, edge, path, "k", body).await;
        assert!(answer.0 < 300, "{path}: {answer:?}");
        assert_eq!(answer.1.is_some(), answer.0 == 201, "{path}: a created thing has an address");
        answers.push(answer);
    }
    // The orders go on.
    for answer in &answers {
        let cancel = order_path(&answer.2, "/cancel");
        send(&fixture, "shop", &cancel, "c", &Value::Null).await;
    }
    for ((edge, path, body), answer) in requests.iter().zip(&answers) {
        assert_eq!(&send(&fixture, edge, path, "k", body).await, answer, "{path}");
    }
}
