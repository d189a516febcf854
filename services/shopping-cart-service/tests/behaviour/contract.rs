//! Contract of carts: one suite, run typed, over the wire with chaos, and over the network.

use crate::harness::{TestShop, path_of, sku};
use contracts::{
    cart::{Carts, Destination, QuoteRequest},
    shared::{CartId, OrderId, Quantity},
};
use kernel::Uuid;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{code, problem};

fn order(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn request(lines: &[(&str, i64)], country: &str, method: Option<&str>) -> QuoteRequest {
    let line = |(text, quantity): &(&str, i64)| Quantity { sku: sku(text), quantity: *quantity };
    QuoteRequest {
        account: None,
        lines: lines.iter().map(line).collect(),
        currency: None,
        destination: Destination { country: country.to_owned(), ..Destination::default() },
        shipping_method: method.map(str::to_owned),
    }
}

async fn keeps_the_contract(shop: &TestShop, carts: Arc<dyn Carts>) {
    quotes_lines(&*carts).await;
    quotes_no_destination_that_cannot_be(&*carts).await;
    freezes_a_cart_for_one_order(shop, &*carts).await;
}

async fn quotes_lines(carts: &dyn Carts) {
    let quote = async |lines: &[(&str, i64)], country: &str, method: Option<&str>| {
        carts.quote(request(lines, country, method)).await
    };
    let quoted = quote(&[("mug", 1), ("MUG", 1)], "FR", Some("express")).await.unwrap();
    assert_eq!((quoted.lines.len(), quoted.lines[0].sku.as_str()), (1, "MUG"));
    assert_eq!(quoted.totals.total.amount, 3_600 + 1_290);
    assert_eq!(code(quote(&[], "DE", None).await), "cart_empty");
    assert_eq!(code(quote(&[("GONE", 1)], "DE", None).await), "unknown_sku");
    for (refused, field) in [
        (quote(&[("MUG", 0)], "DE", None).await, "lines[0].quantity"),
        (quote(&[("MUG", 1)], "ZZ", None).await, "shipping_address.country"),
        (quote(&[("MUG", 1)], "DE", Some("drone")).await, "shipping_method"),
    ] {
        let problem = problem(refused);
        assert_eq!((problem.code.as_str(), &*problem.errors[0].field), ("invalid_field", field));
    }
}

async fn quotes_no_destination_that_cannot_be(carts: &dyn Carts) {
    for (country, region, postal_code, fields) in [
        ("US", Some("Nowhere"), Some("!!"), &["region", "postal_code"][..]),
        ("GB", None, Some("12345"), &["postal_code"]),
        ("JP", Some("Texas"), None, &["region"]),
    ] {
        let mut refused = request(&[("MUG", 1)], country, None);
        refused.destination.region = region.map(str::to_owned);
        refused.destination.postal_code = postal_code.map(str::to_owned);
        let problem = problem(carts.quote(refused).await);
        let named: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        let expected: Vec<_> =
            fields.iter().map(|field| format!("shipping_address.{field}")).collect();
        assert_eq!(
            (problem.code.as_str(), named),
            ("invalid_field", expected.iter().map(String::as_str).collect())
        );
    }
}

async fn freezes_a_cart_for_one_order(shop: &TestShop, carts: &dyn Carts) {
    let cart = shop.cart(&[("MUG", 2)]).await;
    let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
    let freeze = async |id: CartId, number: u128| {
        carts.begin_checkout(id, order(number), request(&[], "FR", Some("express"))).await
    };
    for _ in 0..2 {
        let quote = freeze(id, 1).await.unwrap();
        assert_eq!(quote.totals.total.amount, 3_600 + 1_290);
        assert_eq!(quote.lines[0].tax_rate, "0.2");
    }
    assert_eq!(code(freeze(id, 2).await), "checking_out");
    carts.reopen(id, order(1)).await.unwrap();
    assert_eq!(code(freeze(id, 1).await), "order_cancelled");
    freeze(id, 2).await.unwrap();
    assert_eq!(code(carts.ordered(id, order(1)).await), "checking_out");
    carts.ordered(id, order(2)).await.unwrap();
    let now = shop.send("GET", &path_of(&cart), Value::Null).await.body;
    assert_eq!(now["status"], "ordered");
    let refused = problem(freeze(id, 3).await);
    assert_eq!(refused.code.as_str(), "already_ordered");
    // Knowing a cart is not the right to see what became of it.
    let added = json!({"sku": "MUG", "quantity": 1});
    let lines = format!("{}/lines", path_of(&cart));
    let added = shop.send("POST", &lines, added).await;
    assert_eq!(added.code(), "already_ordered");
    for answer in [now.to_string(), added.body.to_string(), json!(refused).to_string()] {
        assert!(!answer.contains(&order(2).to_string()), "{answer}");
    }

    let unknown = CartId(Uuid::from_u128(7));
    assert_eq!(code(freeze(unknown, 1).await), "not_found");
    carts.reopen(unknown, order(1)).await.unwrap();
    let empty = shop.cart(&[]).await;
    let empty: CartId = serde_json::from_value(empty["id"].clone()).unwrap();
    assert_eq!(code(freeze(empty, 1).await), "cart_empty");
}

#[tokio::test]
async fn typed() {
    let shop = TestShop::open().await;
    keeps_the_contract(&shop, Arc::clone(&shop.contract)).await;
}

#[tokio::test]
async fn over_the_wire_on_a_bad_day() {
    for seed in 0..12 {
        let shop = TestShop::open().await;
        keeps_the_contract(&shop, shop.over_lossy_wire::<dyn Carts>(seed)).await;
    }
}

#[tokio::test]
async fn over_the_network() {
    let shop = TestShop::open().await;
    keeps_the_contract(&shop, shop.over_network::<dyn Carts>().await).await;
}
