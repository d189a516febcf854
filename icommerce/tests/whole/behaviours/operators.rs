//! Operator edge: parked messages.

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
