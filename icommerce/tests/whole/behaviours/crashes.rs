//! Crashes: processes are killed under load.

use crate::{
    fixtures::{checkout, create_product, id, stock, unique},
    shop::TestShop,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Number of concurrent buyers.
const BUYERS: usize = 8;
/// Number of kills.
const KILLS: u64 = 3;

pub(crate) async fn acknowledged_orders_exist_exactly_once_after_a_kill(shop: &TestShop) {
    killed_under_load(shop, &[None]).await;
}

pub(crate) async fn any_single_service_may_be_killed_at_any_time(shop: &TestShop) {
    let services = [
        "order-service",
        "inventory-service",
        "payment-service",
        "shopping-cart-service",
        "audit-service",
        "notification-service",
    ];
    killed_under_load(shop, &services.map(Some)).await;
}

async fn killed_under_load(shop: &TestShop, victims: &[Option<&str>]) {
    let sku = create_product(shop, 1_000, 100_000).await;
    for round in 0..KILLS.max(victims.len() as u64) {
        let victim = victims[usize::try_from(round).unwrap() % victims.len()];
        let over = AtomicBool::new(false);
        let buyers = join_all((0..BUYERS).map(|_| buy_until(shop, &sku, &over)));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(150 + 70 * round)).await;
            shop.kill(victim);
            shop.restart_killed().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            over.store(true, Ordering::Relaxed);
        };
        let (attempts, ()) = tokio::join!(buyers, killer);
        for attempt in attempts.into_iter().flatten() {
            settle(shop, attempt).await;
        }
    }
    let [on_hand, _, available] = stock(shop, &sku).await;
    assert!(on_hand < 100_000, "something was bought");
    assert_eq!(on_hand, available, "no units stay held");
}

/// Checkout attempt and its acknowledgement.
struct Attempt {
    cart: Value,
    key: String,
    acknowledged: Option<Value>,
}

async fn buy_until(shop: &TestShop, sku: &str, over: &AtomicBool) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let new = json!({"lines": [{"sku": sku, "quantity": 1}]});
        let cart = shop.shopper.post("/api/v1/carts", &new).await;
        if cart.status != 201 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        }
        let key = unique("key");
        let answer = checkout(shop, &cart.json, "success", &key).await;
        let acknowledged = (answer.status == 201).then_some(answer.json);
        attempts.push(Attempt { cart: cart.json, key, acknowledged });
    }
    attempts
}

/// Retries the attempt under the same key and asserts that it made exactly one order.
async fn settle(shop: &TestShop, attempt: Attempt) {
    let again = until_answered(shop, &attempt).await;
    assert_eq!(again["status"], "confirmed", "{again}");
    if let Some(first) = attempt.acknowledged {
        assert_eq!(again["id"], first["id"], "one key, one order");
        let order = shop.shopper.get(&format!("/api/v1/orders/{}", id(&first))).await.ok();
        assert_eq!(order["number"], first["number"]);
    }
}

async fn until_answered(shop: &TestShop, attempt: &Attempt) -> Value {
    for _ in 0..500 {
        let answer = checkout(shop, &attempt.cart, "success", &attempt.key).await;
        match answer.status {
            201 => {
                let path = format!("/api/v1/orders/{}", id(&answer.json));
                let order = shop.shopper.get(&path).await.ok();
                if order["status"] != "pending" {
                    return order;
                }
            }
            // Still in progress, or a process is still starting.
            0 | 409 | 429 | 503 | 504 => {}
            status => panic!("{status} {}", answer.json),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no answer for {}", attempt.key);
}
