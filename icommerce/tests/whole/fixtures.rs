//! Fixtures: products, carts and orders.

use crate::{client::HttpResponse, shop::TestShop};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Unique word with this prefix.
pub(crate) fn unique(word: &str) -> String {
    format!("{word}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates a product of one variant with this price in cents and this stock; returns its SKU.
pub(crate) async fn create_product(shop: &TestShop, price: i64, stock: i64) -> String {
    let sku = unique("SKU");
    let product = json!({
        "name": format!("Product {sku}"),
        "categories": ["Kitchen"],
        "brand": "Halden",
        "variants": [{"sku": sku, "price": {"amount": price, "currency": "EUR"}, "stock": stock}],
        "status": "active",
    });
    shop.operator.post("/api/v1/products", &product).await.ok();
    sku
}

/// Creates a cart with these lines.
pub(crate) async fn cart(shop: &TestShop, lines: &[(&str, i64)]) -> Value {
    let lines: Vec<_> =
        lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    shop.shopper.post("/api/v1/carts", &json!({ "lines": lines })).await.ok()
}

/// Request body of a checkout with this payment token.
pub(crate) fn checkout_body(token: &str) -> Value {
    json!({
        "email": "maren@example.com",
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel", "postal_code": "24103", "country": "DE",
        },
        "payment": {"method": "test", "token": token},
    })
}

/// Checks a cart out under this key.
pub(crate) async fn checkout(
    shop: &TestShop,
    cart: &Value,
    token: &str,
    key: &str,
) -> HttpResponse {
    let path = format!("/api/v1/carts/{}/checkout", id(cart));
    shop.shopper.post_with_key(&path, key, &checkout_body(token)).await
}

/// Places a paid order.
pub(crate) async fn order(shop: &TestShop, lines: &[(&str, i64)]) -> Value {
    let cart = cart(shop, lines).await;
    let answer = checkout(shop, &cart, "success", &unique("key")).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    assert_eq!(answer.json["status"], "confirmed", "{}", answer.json);
    answer.json
}

/// Identifier of a resource.
pub(crate) fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

/// Units on hand, held and available of a SKU.
pub(crate) async fn stock(shop: &TestShop, sku: &str) -> [i64; 3] {
    let stock = shop.operator.get(&format!("/api/v1/stock/{sku}")).await.ok();
    ["on_hand", "held", "available"].map(|name| stock[name].as_i64().unwrap())
}

/// Polls a path until the response satisfies `condition`; for eventually consistent data.
pub(crate) async fn eventually(
    shop: &TestShop,
    path: &str,
    condition: impl Fn(&Value) -> bool,
) -> Value {
    let mut last = Value::Null;
    for _ in 0..1_500 {
        let answer = shop.operator.get(path).await;
        if answer.status == 200 && condition(&answer.json) {
            return answer.json;
        }
        last = answer.json;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} still returns {last}");
}
