//! Payments whose outcome arrives late, twice, or asynchronously.

use crate::{
    fixtures::{cart, checkout, create_product, eventually, id, unique},
    shop::TestShop,
};
use serde_json::json;

pub(crate) async fn webhooks_and_responses_in_any_sequence_make_one_order(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    for token in ["late_webhook", "unknown_outcome", "slow"] {
        let cart = cart(shop, &[(&sku, 1)]).await;
        let key = unique("key");
        let first = checkout(shop, &cart, token, &key).await;
        assert_eq!(first.status, 201, "{token}: {}", first.json);
        let path = format!("/api/v1/orders/{}", id(&first.json));
        let order = eventually(shop, &path, |order| order["status"] == "confirmed").await;
        assert_eq!(order["payment"]["captured"], order["totals"]["total"], "{token}");
        let captures = order["history"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["event"] == "confirmed");
        assert_eq!(captures.count(), 1, "{token}: {order}");
        let again = checkout(shop, &cart, token, &key).await;
        assert_eq!((again.status, &again.json["id"]), (201, &first.json["id"]), "{token}");
    }
}

pub(crate) async fn a_payment_that_requires_customer_action_stays_pending(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    for (outcome, status) in [("approve", "confirmed"), ("decline", "cancelled")] {
        let cart = cart(shop, &[(&sku, 1)]).await;
        let placed = checkout(shop, &cart, "requires_action", &unique("key")).await;
        assert_eq!(
            (placed.status, &placed.json["status"]),
            (201, &json!("pending")),
            "{}",
            placed.json
        );
        assert!(placed.json["payment"]["action_url"].is_string(), "{}", placed.json);
        let payment = placed.json["payment"]["id"].as_str().unwrap();
        let action = format!("/api/v1/payments/{payment}/action");
        for _ in 0..2 {
            shop.shopper.post(&action, &json!({ "outcome": outcome })).await.ok();
        }
        let path = format!("/api/v1/orders/{}", id(&placed.json));
        eventually(shop, &path, |order| order["status"] == status).await;
    }
}
