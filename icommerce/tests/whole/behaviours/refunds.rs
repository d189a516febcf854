//! Refunds.

use crate::{
    fixtures::{create_product, id, order, stock, unique},
    shop::TestShop,
};
use futures_util::future::join_all;
use serde_json::json;

pub(crate) async fn concurrent_refunds_never_exceed_the_captured_amount(shop: &TestShop) {
    let sku = create_product(shop, 10_000, 5).await;
    let order = order(shop, &[(&sku, 1)]).await;
    let path = format!("/api/v1/orders/{}/refunds", id(&order));
    let body = json!({"amount": {"amount": 900, "currency": "EUR"}, "reason": "scratched"});
    let refund = async |_| shop.operator.post_with_key(&path, &unique("key"), &body).await;
    let answers = join_all((0..60).map(refund)).await;
    let given =
        answers.iter().filter(|answer| answer.status == 201 || answer.status == 200).count();
    assert_eq!(given, 11, "eleven times 9.00 fit into 100.00");
    for answer in answers.iter().filter(|answer| answer.status >= 400) {
        assert_eq!((answer.status, answer.code()), (409, "exceeds_refundable"), "{}", answer.json);
    }
    let after = shop.operator.get(&format!("/api/v1/orders/{}", id(&order))).await.ok();
    assert_eq!(after["payment"]["refunded"]["amount"], 9_900);
    assert_eq!(after["payment_status"], "partially_refunded");
}

pub(crate) async fn a_refunded_order_can_be_cancelled_with_correct_stock(shop: &TestShop) {
    let sku = create_product(shop, 3_000, 10).await;
    let order = order(shop, &[(&sku, 3)]).await;
    assert_eq!(stock(shop, &sku).await, [7, 0, 7]);
    let path = format!("/api/v1/orders/{}", id(&order));
    let body =
        json!({"lines": [{"sku": sku, "quantity": 1}], "restock": true, "reason": "too many"});
    let answer =
        shop.operator.post_with_key(&format!("{path}/refunds"), &unique("key"), &body).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.json);
    assert_eq!(stock(shop, &sku).await, [8, 0, 8]);
    let cancelled = shop
        .operator
        .post(&format!("{path}/cancel"), &json!({"reason": "changed my mind"}))
        .await
        .ok();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["payment_status"], "refunded");
    assert_eq!(stock(shop, &sku).await, [10, 0, 10]);
    let again = shop.operator.post(&format!("{path}/cancel"), &json!({})).await.ok();
    assert_eq!(again["status"], "cancelled");
    assert_eq!(stock(shop, &sku).await, [10, 0, 10]);

    // As of the time it was placed.
    let placed_at = order["history"].as_array().unwrap().last().unwrap()["at"].as_str().unwrap();
    let before = shop.operator.get(&format!("{path}?as_of={placed_at}")).await.ok();
    assert_eq!(
        (&before["status"], &before["payment_status"]),
        (&json!("confirmed"), &json!("paid"))
    );
}
