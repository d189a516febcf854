//! Buying: from the first line to the order.

use crate::{
    fixtures::{cart, checkout, checkout_body, create_product, id, order, stock, unique},
    shop::TestShop,
};
use serde_json::{Value, json};

pub(crate) async fn a_guest_buys_two_products(shop: &TestShop) {
    let (mug, lamp) = (create_product(shop, 1_800, 10).await, create_product(shop, 7_120, 5).await);
    let cart = cart(shop, &[(&mug, 1)]).await;
    let lines = format!("/api/v1/carts/{}/lines", id(&cart));
    let cart = shop.shopper.post(&lines, &json!({"sku": lamp, "quantity": 2})).await.ok();
    let answer = checkout(shop, &cart, "success", &unique("key")).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    let order = answer.json;
    assert_eq!(order["status"], "confirmed");
    assert_eq!(order["payment_status"], "paid");
    assert_eq!(order["fulfilment_status"], "unfulfilled");
    assert_eq!(order["totals"]["total"]["amount"], 1_800 + 2 * 7_120);
    assert_eq!(order["totals"], cart["totals"]);
    assert_eq!((stock(shop, &mug).await, stock(shop, &lamp).await), ([9, 0, 9], [3, 0, 3]));

    // The shopper can read the order; the cart, which others may know, does not name it.
    let again = shop.shopper.get(&format!("/api/v1/orders/{}", id(&order))).await.ok();
    assert_eq!(again["number"], order["number"]);
    let cart = shop.shopper.get(&format!("/api/v1/carts/{}", id(&cart))).await.ok();
    assert_eq!(cart["status"], "ordered");
    assert!(!cart.to_string().contains(id(&order)), "{cart}");
}

pub(crate) async fn a_declined_card_leaves_the_cart_open_and_no_stock_held(shop: &TestShop) {
    let mug = create_product(shop, 1_800, 1).await;
    let cart = cart(shop, &[(&mug, 1)]).await;
    for token in ["decline", "insufficient_funds"] {
        let answer = checkout(shop, &cart, token, &unique("key")).await;
        assert_eq!((answer.status, answer.code()), (402, "payment_declined"), "{}", answer.json);
        assert_eq!(stock(shop, &mug).await, [1, 0, 1]);
    }
    let answer = checkout(shop, &cart, "success", &unique("key")).await;
    assert_eq!(answer.status, 201, "another card works: {}", answer.json);
}

pub(crate) async fn an_order_without_a_cart_is_placed_at_current_prices(shop: &TestShop) {
    let mug = create_product(shop, 1_800, 10).await;
    let mut body = checkout_body("success");
    body["lines"] = json!([{"sku": mug, "quantity": 3}]);
    let order = shop.operator.post_with_key("/api/v1/orders", &unique("key"), &body).await;
    assert_eq!(order.status, 201, "{}", order.json);
    assert_eq!(order.json["status"], "confirmed");
    assert_eq!(order.json["totals"]["items"]["amount"], 5_400);
    let answer = shop.operator.post("/api/v1/orders", &body).await;
    assert_eq!((answer.status, answer.code()), (400, "idempotency_key_missing"));
    let answer = shop.shopper.post_with_key("/api/v1/orders", &unique("key"), &body).await;
    assert!(
        [404, 405].contains(&answer.status),
        "shoppers cannot place orders without a cart: {}",
        answer.status
    );
}

pub(crate) async fn a_changed_total_is_rejected_and_nothing_is_charged(shop: &TestShop) {
    let mug = create_product(shop, 1_800, 10).await;
    let cart = cart(shop, &[(&mug, 1)]).await;
    let mut body = checkout_body("success");
    body["expected_total"] = cart["totals"]["total"].clone();
    let product = shop.operator.get(&format!("/api/v1/products?q={mug}")).await.ok();
    let product = id(&product["items"][0]).to_owned();
    let price = format!("/api/v1/products/{product}/variants/{mug}/price");
    shop.operator.put(&price, &json!({"amount": 2_000, "currency": "EUR"})).await.ok();

    let path = format!("/api/v1/carts/{}/checkout", id(&cart));
    let answer = shop.shopper.post_with_key(&path, &unique("key"), &body).await;
    assert_eq!((answer.status, answer.code()), (422, "price_changed"), "{}", answer.json);
    let total = answer.json["facts"]["total"].clone();
    assert_eq!(total["amount"], cart["totals"]["total"]["amount"].as_i64().unwrap() + 200);
    assert_eq!(stock(shop, &mug).await, [10, 0, 10]);
    body["expected_total"] = total;
    let answer = shop.shopper.post_with_key(&path, &unique("key"), &body).await;
    assert_eq!(answer.status, 201, "{}", answer.json);

    let history = shop.shopper.get(&format!("/api/v1/products/{product}/price-history")).await.ok();
    assert_eq!(history["variants"][0]["prices"].as_array().unwrap().len(), 2);
}

pub(crate) async fn a_thousand_lines_are_one_order(shop: &TestShop) {
    let variant = |index: usize| {
        json!({
            "sku": format!("{}-{index}", std::process::id()),
            "options": {"Number": index.to_string()},
            "price": {"amount": 100 + index, "currency": "EUR"},
            "stock": 5,
        })
    };
    let variants: Vec<Value> = (0..1_000).map(variant).collect();
    let numbers: Vec<_> = (0..1_000).map(|index| index.to_string()).collect();
    let product = json!({
        "name": unique("Thousand"), "status": "active", "variants": variants,
        "options": [{"name": "Number", "values": numbers}],
    });
    shop.operator.post("/api/v1/products", &product).await.ok();
    let skus: Vec<_> =
        variants.iter().map(|variant| (variant["sku"].as_str().unwrap(), 1)).collect();
    let placed = order(shop, &skus).await;
    assert_eq!(placed["lines"].as_array().unwrap().len(), 1_000);
    assert_eq!(
        placed["totals"]["items"]["amount"],
        (0..1_000).map(|index| 100 + index).sum::<i64>()
    );
}
