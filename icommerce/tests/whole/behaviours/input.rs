//! Invalid input: always answered with a problem document, never with a 500.

use crate::{
    client::HttpResponse,
    fixtures::{cart, checkout_body, create_product, id, unique},
    shop::TestShop,
};
use bytes::Bytes;
use serde_json::{Value, json};

pub(crate) async fn invalid_input_is_rejected_with_a_problem(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    let cart = cart(shop, &[(&sku, 1)]).await;
    let lines = format!("/api/v1/carts/{}/lines", id(&cart));
    for body in bodies() {
        refused(&shop.shopper.send("POST", &lines, JSON, body.clone()).await, &body);
        refused(&shop.shopper.send("POST", "/api/v1/carts", JSON, wrapped(&body)).await, &body);
        refused(&shop.operator.send("POST", "/api/v1/products", JSON, body.clone()).await, &body);
        let key = unique("key");
        let keyed = [JSON, &[("idempotency-key", key.as_str())]].concat();
        refused(&shop.operator.send("POST", "/api/v1/orders", &keyed, body.clone()).await, &body);
    }
    let unknown = "00000000-0000-7000-8000-000000000000";
    for path in [
        format!("/api/v1/carts/{unknown}"),
        format!("/api/v1/orders/{unknown}"),
        format!("/api/v1/products/{unknown}"),
        "/api/v1/carts/%FF%FE".to_owned(),
        "/api/v1/carts/nonsense".to_owned(),
        "/api/v1/products?limit=0".to_owned(),
        "/api/v1/products?limit=abc".to_owned(),
        "/api/v1/products?limit=99999999999999999999".to_owned(),
        "/api/v1/products?cursor=foreign".to_owned(),
        "/api/v1/products?sort=sideways".to_owned(),
        "/api/v1/products?price_min=cheap".to_owned(),
        "/api/v1/products?nonsense=1".to_owned(),
        "/api/v1/nothing/here".to_owned(),
        "/internal/v1/shopping-cart-service/quote".to_owned(),
    ] {
        let answer = shop.shopper.get(&path).await;
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.json);
    }
    checkout_fields_are_named(shop, &cart).await;
}

async fn checkout_fields_are_named(shop: &TestShop, cart: &Value) {
    let path = format!("/api/v1/carts/{}/checkout", id(cart));
    let cases: [(&str, Value, &str); 6] = [
        ("/email", json!("nonsense"), "email"),
        ("/email", json!(7), "email"),
        ("/shipping_address/country", json!("ZZ"), "shipping_address.country"),
        ("/shipping_address/postal_code", Value::Null, "shipping_address.postal_code"),
        ("/shipping_address/line1", json!(""), "shipping_address.line1"),
        ("/payment/method", json!("cowries"), "payment.method"),
    ];
    for (pointer, value, field) in cases {
        let mut body = checkout_body("success");
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = shop.shopper.post_with_key(&path, &unique("key"), &body).await;
        assert_eq!(answer.status, 422, "{pointer}: {}", answer.json);
        assert_eq!(answer.json["errors"][0]["field"], field, "{}", answer.json);
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn bodies() -> Vec<Bytes> {
    let texts = [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"text\"",
        r#"{"sku": 7, "quantity": 1}"#,
        r#"{"sku": "A", "quantity": 1e400}"#,
        r#"{"sku": "A", "quantity": 99999999999999999999999999}"#,
        r#"{"sku": "A", "quantity": -1}"#,
        r#"{"sku": "A", "quantity": 1.5}"#,
        r#"{"sku": "A", "quantity": 1, "surprise": true}"#,
    ];
    let mut bodies: Vec<_> = texts.map(|text| Bytes::from_static(text.as_bytes())).to_vec();
    bodies.push(Bytes::from_static(b"{\"sku\": \"\xff\xfe\", \"quantity\": 1}"));
    bodies.push(Bytes::from(vec![b'['; 200_000]));
    bodies.push(Bytes::from(format!("\"{}\"", "x".repeat(20 << 20))));
    bodies
}

/// Wraps the body as a line of a new cart.
fn wrapped(body: &Bytes) -> Bytes {
    [b"{\"lines\": [", &body[..], b"], \"more\": 1}"].concat().into()
}

fn refused(answer: &HttpResponse, body: &Bytes) {
    let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
    // A body that is far too large may be answered by closing the connection while it is still being sent.
    if answer.status == 0 && body.len() > 1 << 20 {
        return;
    }
    assert!((400..500).contains(&answer.status), "{start}: {} {}", answer.status, answer.json);
    assert!(
        !answer.code().is_empty() && answer.json["title"].is_string(),
        "{start}: {}",
        answer.json
    );
}
