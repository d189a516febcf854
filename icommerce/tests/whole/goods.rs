//! Goods, carts and orders for the behaviours to work with.

use crate::{client::Answer, shop::Shop};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A word nobody used before.
pub(crate) fn fresh(word: &str) -> String {
    format!("{word}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A product of one variant with this price in cents and this stock; returns its SKU.
pub(crate) async fn article(shop: &Shop, price: i64, stock: i64) -> String {
    let sku = fresh("SKU");
    let product = json!({
        "name": format!("Article {sku}"),
        "categories": ["Kitchen"],
        "brand": "Halden",
        "variants": [{"sku": sku, "price": {"amount": price, "currency": "EUR"}, "stock": stock}],
        "status": "active",
    });
    shop.operator.post("/api/v1/products", &product).await.ok();
    sku
}

/// A cart with these units.
pub(crate) async fn cart(shop: &Shop, lines: &[(&str, i64)]) -> Value {
    let lines: Vec<_> =
        lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    shop.shopper.post("/api/v1/carts", &json!({ "lines": lines })).await.ok()
}

/// What a checkout with this payment token says.
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
pub(crate) async fn checkout(shop: &Shop, cart: &Value, token: &str, key: &str) -> Answer {
    let path = format!("/api/v1/carts/{}/checkout", id(cart));
    shop.shopper.post_with_key(&path, key, &checkout_body(token)).await
}

/// An order that was placed and paid for.
pub(crate) async fn order(shop: &Shop, lines: &[(&str, i64)]) -> Value {
    let cart = cart(shop, lines).await;
    let answer = checkout(shop, &cart, "success", &fresh("key")).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    assert_eq!(answer.json["status"], "confirmed", "{}", answer.json);
    answer.json
}

/// The id of a thing.
pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// Units on hand, held and available of a SKU.
pub(crate) async fn stock(shop: &Shop, sku: &str) -> [i64; 3] {
    let stock = shop.operator.get(&format!("/api/v1/stock/{sku}")).await.ok();
    ["on_hand", "held", "available"].map(|name| stock[name].as_i64().unwrap())
}

/// Reads a path until what comes is as wanted; for facts that arrive by a message.
pub(crate) async fn eventually(shop: &Shop, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..1_500 {
        let answer = shop.operator.get(path).await;
        if answer.status == 200 && wanted(&answer.json) {
            return answer.json;
        }
        last = answer.json;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} stays {last}");
}
