//! Several processes with the same services: one owns them, the others stand by, and whoever is killed or paused is replaced.

use crate::{
    behaviours,
    fixtures::{checkout, create_product, order, stock, unique},
    invariants,
    shop::{TestShop, Topology},
};
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Timeout for the replacement of an owner, on a machine that is busy with other tests.
const TIMEOUT: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_owner_may_be_killed_at_any_time() {
    let shop = TestShop::start(Topology::TwoPerServiceOnPostgres, &[]).await;
    behaviours::crashes::any_single_service_may_be_killed_at_any_time(&shop).await;
    behaviours::stock::the_last_unit_is_sold_once(&shop).await;
    invariants::check(&shop).await;
    shop.stop().await;
}

/// The first page of the operator edge shows who owns the services, who stands by, and the consumers of the owners.
async fn assert_fleet_is_shown(shop: &TestShop) {
    let until = Instant::now() + TIMEOUT;
    loop {
        let page = shop.operator.get("/").await;
        let page = String::from_utf8_lossy(&page.bytes).into_owned();
        let count = |text: &str| page.matches(text).count();
        // One that has just been started may not say anything yet.
        if count("<td class=\"standby\">stands by") == count("<td class=\"up\">owner")
            && count("does not answer") == 0
        {
            assert!(count("<td class=\"up\">owner") >= 5, "{page}");
            assert!(page.contains(": 0 ms") || page.contains(" ms<br>"), "{page}");
            return;
        }
        assert!(Instant::now() < until, "{page}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Buys one unit as soon as that is possible, under one key.
async fn buy(shop: &TestShop, sku: &str) {
    let until = Instant::now() + TIMEOUT;
    let (cart_key, key) = (unique("cart"), unique("key"));
    let new = json!({"lines": [{"sku": sku, "quantity": 1}]});
    loop {
        assert!(Instant::now() < until, "nothing can be bought");
        let cart = shop.shopper.post_with_key("/api/v1/carts", &cart_key, &new).await;
        if cart.status == 201 {
            let answer = checkout(shop, &cart.json, "success", &key).await;
            if answer.status == 201 {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_was_paused_is_replaced_and_sells_nothing_when_it_goes_on() {
    let shop = TestShop::start(Topology::TwoPerServiceOnPostgres, &[]).await;
    let sku = create_product(&shop, 1_000, 20).await;
    order(&shop, &[(&sku, 1)]).await;
    assert_fleet_is_shown(&shop).await;
    let mut bought = 1;
    for service in ["inventory-service", "order-service", "payment-service"] {
        let paused = shop.signal(service, Signal::STOP);
        // Another process owns the service now.
        buy(&shop, &sku).await;
        kill_process(paused, Signal::CONT).unwrap();
        for _ in 0..3 {
            buy(&shop, &sku).await;
        }
        bought += 4;
        assert_eq!(stock(&shop, &sku).await, [20 - bought, 0, 20 - bought], "{service}");
    }
    invariants::check(&shop).await;
    // Each of them stands by or serves, and stops when it is asked to.
    shop.stop().await;
}
