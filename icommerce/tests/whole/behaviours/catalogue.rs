//! Catalogue: products that carts and orders depend on.

use crate::{
    fixtures::{cart, checkout, create_product, id, order, unique},
    shop::TestShop,
};
use serde_json::{Value, json};

pub(crate) async fn an_archived_product_leaves_carts_and_orders_readable(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    let (order, cart) = (order(shop, &[(&sku, 1)]).await, cart(shop, &[(&sku, 2)]).await);
    let product = shop.operator.get(&format!("/api/v1/products?q={sku}")).await.ok();
    let product = id(&product["items"][0]).to_owned();
    shop.operator.post(&format!("/api/v1/products/{product}/archive"), &json!({})).await.ok();

    assert_eq!(shop.shopper.get(&format!("/api/v1/products/{product}")).await.status, 404);
    let cart = shop.shopper.get(&format!("/api/v1/carts/{}", id(&cart))).await.ok();
    assert_eq!(cart["notices"][0]["code"], "not_for_sale");
    assert_eq!(cart["totals"]["items"]["amount"], 0);
    let answer = checkout(shop, &cart, "success", &unique("key")).await;
    assert_eq!((answer.status, answer.code()), (422, "unknown_sku"), "{}", answer.json);
    let order = shop.shopper.get(&format!("/api/v1/orders/{}", id(&order))).await.ok();
    assert_eq!(order["lines"][0]["sku"], json!(sku));
    assert!(order["lines"][0]["name"].as_str().unwrap().contains(&sku));
}

pub(crate) async fn two_thousand_variants_are_one_product(shop: &TestShop) {
    let word = unique("V");
    let variant = |index: usize| {
        let options =
            json!({"Width": (index % 50).to_string(), "Length": (index / 50).to_string()});
        json!({"sku": format!("{word}-{index}"), "options": options, "price": {"amount": 500, "currency": "EUR"}, "stock": 1})
    };
    let variants: Vec<Value> = (0..2_000).map(variant).collect();
    let numbers = |count: usize| (0..count).map(|index| index.to_string()).collect::<Vec<_>>();
    let product = json!({
        "name": format!("Board {word}"), "status": "active", "variants": variants,
        "options": [{"name": "Width", "values": numbers(50)}, {"name": "Length", "values": numbers(40)}],
    });
    let product = shop.operator.post("/api/v1/products", &product).await.ok();
    let price = format!("/api/v1/products/{}/variants/{word}-1999/price", id(&product));
    shop.operator.put(&price, &json!({"amount": 450, "currency": "EUR"})).await.ok();
    let seen = shop.shopper.get(&format!("/api/v1/products/{}", id(&product))).await.ok();
    assert_eq!(seen["variants"].as_array().unwrap().len(), 2_000);
    let page = shop.shopper.get(&format!("/api/v1/products?q={word}")).await.ok();
    assert_eq!(page["items"][0]["price"]["amount"], 450);
    order(shop, &[(&format!("{word}-1999"), 1)]).await;
}
