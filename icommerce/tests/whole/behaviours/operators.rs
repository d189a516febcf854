//! Operator edge: parked messages. Fleet: calls between processes.

use crate::shop::TestShop;
use serde_json::json;

pub(crate) async fn parked_messages_of_every_consumer_are_reachable(shop: &TestShop) {
    for service in ["product-service", "order-service", "audit-service"] {
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
