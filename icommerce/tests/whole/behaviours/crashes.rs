//! Processes die without warning, in the middle of work.

use crate::{
    goods::{article, checkout, fresh, id, stock},
    shop::Shop,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Buyers at the same time.
const BUYERS: usize = 8;
/// How often everything is killed.
const KILLS: u64 = 3;

pub(crate) async fn what_was_acknowledged_is_there_once_after_a_kill(shop: &Shop) {
    killed_under_load(shop, &[None]).await;
}

pub(crate) async fn any_one_service_may_die_at_any_time(shop: &Shop) {
    let services = [
        "order-service",
        "inventory-service",
        "payment-service",
        "shopping-cart-service",
        "audit-service",
    ];
    killed_under_load(shop, &services.map(Some)).await;
}

async fn killed_under_load(shop: &Shop, victims: &[Option<&str>]) {
    let sku = article(shop, 1_000, 100_000).await;
    for round in 0..KILLS.max(victims.len() as u64) {
        let victim = victims[usize::try_from(round).unwrap() % victims.len()];
        let over = AtomicBool::new(false);
        let buyers = join_all((0..BUYERS).map(|_| buy_until(shop, &sku, &over)));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(150 + 70 * round)).await;
            shop.kill(victim);
            shop.revive().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            over.store(true, Ordering::Relaxed);
        };
        let (attempts, ()) = tokio::join!(buyers, killer);
        for attempt in attempts.into_iter().flatten() {
            settle(shop, attempt).await;
        }
    }
    let [on_hand, _, available] = stock(shop, &sku).await;
    assert!(on_hand < 100_000, "somebody bought something");
    assert_eq!(on_hand, available, "nothing is left held");
}

/// A checkout somebody asked for, and what came back.
struct Attempt {
    cart: Value,
    key: String,
    acknowledged: Option<Value>,
}

async fn buy_until(shop: &Shop, sku: &str, over: &AtomicBool) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let new = json!({"lines": [{"sku": sku, "quantity": 1}]});
        let cart = shop.shopper.post("/api/v1/carts", &new).await;
        if cart.status != 201 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        }
        let key = fresh("key");
        let answer = checkout(shop, &cart.json, "success", &key).await;
        let acknowledged = (answer.status == 201).then_some(answer.json);
        attempts.push(Attempt { cart: cart.json, key, acknowledged });
    }
    attempts
}

/// What was acknowledged is there; what was not is asked for again under the same key and comes about once.
async fn settle(shop: &Shop, attempt: Attempt) {
    let again = until_answered(shop, &attempt).await;
    assert_eq!(again["status"], "confirmed", "{again}");
    if let Some(first) = attempt.acknowledged {
        assert_eq!(again["id"], first["id"], "one key, one order");
        let order = shop.shopper.get(&format!("/api/v1/orders/{}", id(&first))).await.ok();
        assert_eq!(order["number"], first["number"]);
    }
}

async fn until_answered(shop: &Shop, attempt: &Attempt) -> Value {
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
            // Still running, or some process is still coming up.
            0 | 409 | 429 | 503 | 504 => {}
            status => panic!("{status} {}", answer.json),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no answer for {}", attempt.key);
}
