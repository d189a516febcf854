//! Expired carts: they are deleted after a while with all that is stored of them, and no other cart is.

use crate::harness::{TestShop, lines_of, path_of};
use contracts::{
    cart::{Destination, QuoteRequest, SERVICE},
    shared::{CartId, OrderId},
};
use kernel::Uuid;
use serde_json::{Value, json};
use std::time::Duration;

/// By default, a cart expires after 30 days without a change and is deleted 30 days later.
const DAY: Duration = Duration::from_hours(24);

/// Lets the sweeper make a round.
async fn sweep() {
    tokio::time::sleep(Duration::from_secs(61)).await;
}

/// Number of events that are stored of a cart.
async fn events_of(shop: &TestShop, cart: &Value) -> usize {
    let stream = format!("cart-{}", cart["id"].as_str().unwrap());
    shop.engine.service(SERVICE).journal.read(&stream, 0, 100).await.unwrap().len()
}

async fn add(shop: &TestShop, cart: &Value) -> u16 {
    let lines = format!("{}/lines", path_of(cart));
    shop.send("POST", &lines, json!({"sku": "MUG", "quantity": 1})).await.status
}

async fn begin_checkout(shop: &TestShop, cart: &Value, number: u128) -> OrderId {
    let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
    let request = QuoteRequest {
        account: None,
        lines: Vec::new(),
        currency: None,
        destination: Destination { country: "DE".to_owned(), ..Destination::default() },
        shipping_method: None,
    };
    let order = OrderId(Uuid::from_u128(number));
    shop.contract.begin_checkout(id, order, request).await.unwrap();
    order
}

#[tokio::test(start_paused = true)]
async fn only_carts_that_expired_long_ago_are_deleted() {
    let shop = TestShop::open().await;
    let abandoned = shop.cart(&[("MUG", 1)]).await;
    assert_eq!(add(&shop, &abandoned).await, 200);
    let changed = shop.cart(&[("MUG", 1)]).await;
    let ordered = shop.cart(&[("MUG", 1)]).await;
    let frozen = shop.cart(&[("MUG", 1)]).await;
    let order = begin_checkout(&shop, &ordered, 1).await;
    let id = serde_json::from_value(ordered["id"].clone()).unwrap();
    shop.contract.ordered(id, order).await.unwrap();
    begin_checkout(&shop, &frozen, 2).await;

    shop.advance(DAY * 31);
    assert_eq!(add(&shop, &changed).await, 200);
    sweep().await;
    assert_eq!(shop.read(&abandoned).await["status"], "expired");

    shop.advance(DAY * 29);
    // Something happens last: the last event of the service is never deleted.
    shop.cart(&[]).await;
    sweep().await;
    for (cart, events) in [(&abandoned, 0), (&changed, 2), (&ordered, 3), (&frozen, 2)] {
        assert_eq!(events_of(&shop, cart).await, events, "{cart}");
    }
    let gone = shop.send("GET", &path_of(&abandoned), Value::Null).await;
    assert_eq!((gone.status, gone.code()), (404, "not_found"));
    assert_eq!(add(&shop, &abandoned).await, 404);
    assert_eq!(lines_of(&shop.read(&changed).await), [("MUG", 2)]);

    // The cart that was changed in between is deleted when its own time has come.
    shop.advance(DAY * 31);
    sweep().await;
    for (cart, events) in [(&changed, 0), (&ordered, 3), (&frozen, 2)] {
        assert_eq!(events_of(&shop, cart).await, events, "{cart}");
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_carts_expired_each_is_deleted() {
    let shop = TestShop::open().await;
    let mut carts = Vec::new();
    for number in 0..400 {
        let cart = shop.cart(&[]).await;
        if number % 2 == 0 {
            assert_eq!(add(&shop, &cart).await, 200);
        }
        carts.push(cart);
    }
    shop.advance(DAY * 60);
    shop.cart(&[]).await;
    sweep().await;
    for cart in &carts {
        assert_eq!(events_of(&shop, cart).await, 0);
    }
}
