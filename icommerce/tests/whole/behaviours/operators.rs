//! Operator edge: parked messages, the audit trail. Fleet: calls between processes.

use crate::{
    fixtures::{eventually, id, order, unique},
    shop::TestShop,
};
use serde_json::{Value, json};

pub(crate) async fn parked_messages_of_every_consumer_are_reachable(shop: &TestShop) {
    for service in ["product-service", "order-service", "audit-service", "notification-service"] {
        let path = format!("/api/v1/parked/{service}");
        let page = shop.operator.get(&path).await.ok();
        assert_eq!(page["items"], json!([]), "{service}");
        let replay = shop.operator.post(&format!("{path}/nobody/replay"), &json!({})).await;
        assert_eq!((replay.status, replay.code()), (404, "not_found"), "{service}");
        assert!(replay.json["title"].as_str().unwrap().contains("parked message"), "{replay:?}");
        assert_eq!(shop.shopper.get(&path).await.status, 404, "hidden from shoppers");
    }
}

pub(crate) async fn a_stranger_cannot_call_a_service_of_a_fleet(shop: &TestShop) {
    let Some(stranger) = shop.stranger("inventory-service") else { return };
    for (path, body) in [
        ("/internal/v1/inventory-service/count", json!({"counts": {"counts": [], "reason": "x"}})),
        ("/internal/v1/inventory-service/pull", json!({"after": 0, "wait_ms": 0})),
    ] {
        let refused = stranger.post(path, &body).await;
        assert_eq!((refused.status, refused.code()), (401, "unauthenticated"), "{path}");
    }
    assert_eq!(stranger.get("/api/v1/stock/A").await.status, 401);
    assert_eq!(stranger.get("/health/ready").await.status, 200);
}

/// User agent of the operators' program, longer than what is kept of it.
const AGENT: &str = "operators-program/1.0 (with a long description of the machine on which it runs, of its languages, and of everything else)";

pub(crate) async fn the_audit_trail_names_who_changed_something(shop: &TestShop) {
    let change = async |method: &str, path: &str, body: Value| {
        // Nobody outside can say on whose behalf a request is made.
        let headers = [("user-agent", AGENT), ("icommerce-origin", "internal root 192.0.2.1 root")];
        let key = unique("key");
        let headers = [&headers[..], &[("idempotency-key", &*key)]].concat();
        shop.operator.with_json(method, path, &headers, &body).await.ok()
    };
    let sku = unique("SKU");
    let price = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let variant = json!({"sku": sku, "price": price(1_000), "stock": 10});
    let product = json!({"name": "Lamp", "variants": [variant], "status": "draft"});
    let product = change("POST", "/api/v1/products", product).await;
    let path = format!("/api/v1/products/{}", id(&product));
    change("POST", &format!("{path}/publish"), json!({})).await;
    change("PUT", &format!("{path}/variants/{sku}/price"), price(1_200)).await;
    let placed = order(shop, &[(&sku, 1)]).await;
    let order_path = format!("/api/v1/orders/{}", id(&placed));
    change("POST", &format!("{order_path}/fulfil"), json!({})).await;
    change("POST", &format!("{order_path}/refunds"), json!({"reason": "a gift"})).await;
    change("POST", &format!("{path}/archive"), json!({})).await;

    for (subject, action) in [
        (format!("product:{}", id(&product)), "product.created"),
        (format!("product:{}", id(&product)), "product.published"),
        (format!("product:{}", id(&product)), "product.price_changed"),
        (format!("product:{}", id(&product)), "product.archived"),
        (format!("order:{}", id(&placed)), "order.fulfilled"),
        (format!("order:{}", id(&placed)), "order.refunded"),
    ] {
        let query = format!("/api/v1/audit?actor=operator&action={action}&subject={subject}");
        let page = eventually(shop, &query, |page| page["items"][0].is_object()).await;
        let found = &page["items"][0];
        assert_eq!(found["edge"], "operator", "{found}");
        assert_eq!(found["address"], "127.0.0.1", "{found}");
        let agent = found["user_agent"].as_str().unwrap();
        assert!(AGENT.starts_with(agent) && agent.len() == 100, "{agent}");
    }
    // The money moved on behalf of the operator who refunded, in a service that no operator called.
    let query = "/api/v1/audit?actor=operator&action=payment.refunded";
    let refunded = eventually(shop, query, |page| page["items"][0].is_object()).await;
    assert_eq!(refunded["items"][0]["address"], "127.0.0.1");

    let query = format!("/api/v1/audit?action=order.placed&subject=order:{}", id(&placed));
    let page = eventually(shop, &query, |page| page["items"][0].is_object()).await;
    let by_shopper = &page["items"][0];
    assert_eq!((&by_shopper["actor"], &by_shopper["edge"]), (&json!("guest"), &json!("shop")));
    assert_eq!(by_shopper.get("address"), None, "shoppers have no address here");
    let all = shop.operator.get("/api/v1/audit?limit=200").await.ok().to_string();
    assert!(!all.contains(id(&placed)), "who has the id sees the order");
}
