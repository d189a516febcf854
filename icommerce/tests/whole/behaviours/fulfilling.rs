//! Fulfilment with capture at shipping.

use crate::{
    fixtures::{create_product, eventually, id, order, stock, unique},
    shop::TestShop,
};
use serde_json::{Value, json};

pub(crate) async fn payment_is_captured_at_fulfilment(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    let [sent, kept, cancelled_order, interrupted] = [1; 4].map(|units| (sku.clone(), units));
    let mut orders = Vec::new();
    for (sku, units) in [sent, kept, cancelled_order, interrupted] {
        let order = order(shop, &[(&sku, units)]).await;
        assert_eq!(order["payment_status"], "authorised", "{order}");
        assert_eq!(money(&order), json!([0, order["totals"]["total"]["amount"]]));
        orders.push(order);
    }
    let [sent, kept, cancelled_order, interrupted] = &*orders else { unreachable!("four orders") };
    let total = &kept["totals"]["total"]["amount"];

    for _ in 0..2 {
        let left = fulfil(shop, sent).await;
        assert_eq!((left.0, &left.1["status"]), (200, &json!("completed")), "{}", left.1);
        assert_eq!(money(&left.1), json!([total, 0]));
        assert_eq!(left.1["payment_status"], "paid");
    }

    let refund = json!({"reason": "too soon"});
    let path = format!("/api/v1/orders/{}/refunds", id(kept));
    let refused = shop.operator.post_with_key(&path, &unique("key"), &refund).await;
    assert_eq!((refused.status, refused.code()), (409, "not_captured"), "{}", refused.json);

    let path = format!("/api/v1/orders/{}", id(cancelled_order));
    let cancelled = shop.operator.post(&format!("{path}/cancel"), &json!({})).await.ok();
    assert_eq!(
        (&cancelled["status"], &cancelled["payment_status"]),
        (&json!("cancelled"), &json!("voided"))
    );
    assert_eq!(stock(shop, &sku).await, [7, 0, 7]);
    let (status, answer) = fulfil(shop, cancelled_order).await;
    assert_eq!((status, &answer["code"]), (409, &json!("order_cancelled")));

    captured_after_a_kill(shop, interrupted).await;
    let kept = shop.operator.get(&format!("/api/v1/orders/{}", id(kept))).await.ok();
    assert_eq!(money(&kept), json!([0, total]), "it was not fulfilled");
}

/// The payment service is killed before the fulfilment. An order service that is still running shows what it waits for.
async fn captured_after_a_kill(shop: &TestShop, order: &Value) {
    shop.kill(Some("payment-service"));
    let (status, waiting) = fulfil(shop, order).await;
    if status == 200 {
        assert_eq!(
            (&waiting["status"], &waiting["fulfilment_status"]),
            (&json!("confirmed"), &json!("unfulfilled"))
        );
        let sagas = shop.operator.get("/api/v1/sagas").await.ok();
        assert_eq!(
            (&sagas["items"][0]["name"], &sagas["items"][0]["step"]),
            (&json!("fulfilment"), &json!("capture"))
        );
        assert_eq!(sagas["items"][0]["order_id"], order["id"]);
        let path = format!("/api/v1/orders/{}/cancel", id(order));
        let refused = shop.operator.post(&path, &json!({})).await;
        assert_eq!((refused.status, refused.code()), (409, "already_shipped"), "{}", refused.json);
    }
    shop.restart_killed().await;
    fulfil(shop, order).await;
    let path = format!("/api/v1/orders/{}", id(order));
    let order = eventually(shop, &path, |order| order["status"] == "completed").await;
    assert_eq!(money(&order), json!([order["totals"]["total"]["amount"], 0]));
    let captures =
        order["history"].as_array().unwrap().iter().filter(|entry| entry["event"] == "captured");
    assert_eq!(captures.count(), 1, "{order}");
}

async fn fulfil(shop: &TestShop, order: &Value) -> (u16, Value) {
    let path = format!("/api/v1/orders/{}/fulfil", id(order));
    let answer = shop.operator.post(&path, &json!({})).await;
    (answer.status, answer.json)
}

/// Captured and authorised amounts.
fn money(order: &Value) -> Value {
    json!([order["payment"]["captured"]["amount"], order["payment"]["authorised"]["amount"]])
}
