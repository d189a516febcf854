//! Idempotency: repeated requests.

use crate::{
    fixtures::{cart, checkout, checkout_body, create_product, id, stock, unique},
    shop::TestShop,
};
use futures_util::future::join_all;
use serde_json::json;

pub(crate) async fn a_repeated_key_gets_the_same_bytes(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    let cart = cart(shop, &[(&sku, 1)]).await;
    let key = unique("key");
    let first = checkout(shop, &cart, "success", &key).await;
    assert_eq!(first.status, 201, "{}", first.json);
    assert!(first.headers.get("idempotent-replayed").is_none());
    let second = checkout(shop, &cart, "success", &key).await;
    assert_eq!((second.status, &second.bytes), (201, &first.bytes));
    assert_eq!(second.headers["idempotent-replayed"], "true");

    let path = format!("/api/v1/carts/{}/checkout", id(&cart));
    let mut other = checkout_body("success");
    other["email"] = json!("somebody.else@example.com");
    let answer = shop.shopper.post_with_key(&path, &key, &other).await;
    assert_eq!((answer.status, answer.code()), (422, "idempotency_key_reused"));
    let answer = shop.shopper.post(&path, &checkout_body("success")).await;
    assert_eq!((answer.status, answer.code()), (400, "idempotency_key_missing"));
    let answer = checkout(shop, &cart, "success", &unique("key")).await;
    assert_eq!((answer.status, answer.code()), (409, "already_ordered"), "{}", answer.json);

    // The stored response survives a kill of every process.
    shop.kill(None);
    shop.restart_killed().await;
    let third = checkout(shop, &cart, "success", &key).await;
    assert_eq!((third.status, &third.bytes), (201, &first.bytes));
    assert_eq!(stock(shop, &sku).await, [9, 0, 9]);
}

pub(crate) async fn twenty_checkouts_with_one_key_are_one_order(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 30).await;
    let cart = cart(shop, &[(&sku, 1)]).await;
    let key = unique("key");
    let answers = join_all((0..20).map(|_| checkout(shop, &cart, "success", &key))).await;
    let placed: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!placed.is_empty());
    assert!(placed.iter().all(|answer| answer.json["id"] == placed[0].json["id"]));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(
            (answer.status, answer.code()),
            (409, "idempotency_in_flight"),
            "{}",
            answer.json
        );
    }
    assert_eq!(stock(shop, &sku).await, [29, 0, 29]);
}
