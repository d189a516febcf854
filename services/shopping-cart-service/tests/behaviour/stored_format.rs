//! Stored format of cart events, and the contract events that the feed makes of them.

use crate::harness::{TestShop, path_of};
use contracts::{
    cart::{Destination, QuoteRequest, SERVICE},
    shared::{CartId, OrderId},
};
use kernel::Uuid;
use serde_json::{Value, json};

/// A cart with an event of every kind.
async fn eventful_cart(shop: &TestShop) -> CartId {
    let cart = shop.cart(&[("mug", 1)]).await;
    let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
    let lines = format!("{}/lines", path_of(&cart));
    for (method, path, body) in [
        ("POST", lines.clone(), json!({"sku": "LAMP", "quantity": 1})),
        ("PATCH", format!("{lines}/mug"), json!({"quantity": 2})),
        ("DELETE", format!("{lines}/lamp"), Value::Null),
    ] {
        assert_eq!(shop.send(method, &path, body).await.status, 200);
    }
    let request = QuoteRequest {
        account: None,
        lines: Vec::new(),
        currency: None,
        destination: Destination { country: "DE".to_owned(), ..Destination::default() },
        shipping_method: None,
    };
    let [first, second] = [1, 2].map(|number| OrderId(Uuid::from_u128(number)));
    shop.contract.begin_checkout(id, first, request.clone()).await.unwrap();
    shop.contract.reopen(id, first).await.unwrap();
    shop.contract.begin_checkout(id, second, request).await.unwrap();
    shop.contract.ordered(id, second).await.unwrap();
    id
}

#[tokio::test]
async fn stored_events_keep_their_text() {
    let shop = TestShop::open().await;
    let id = eventful_cart(&shop).await;
    let journal = shop.engine.service(SERVICE).journal;
    let stored = journal.read(&format!("cart-{id}"), 0, 100).await.unwrap();
    let json = shopping_cart_service::MODULE.events.unwrap();
    let texts: Vec<_> = stored.iter().map(|event| json(event).unwrap().get().to_owned()).collect();
    let (at, one, two) = (
        "2026-11-22T12:00:00Z",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000002",
    );
    let expected = [
        format!(
            r#"{{"type":"created","currency":"EUR","lines":[{{"sku":"MUG","quantity":1,"price":"18.00 EUR"}}],"at":"{at}"}}"#
        ),
        format!(
            r#"{{"type":"line_added","sku":"LAMP","quantity":1,"at":"{at}","price":"71.20 EUR"}}"#
        ),
        format!(
            r#"{{"type":"line_changed","sku":"MUG","quantity":2,"at":"{at}","price":"18.00 EUR"}}"#
        ),
        format!(r#"{{"type":"line_removed","sku":"LAMP","at":"{at}"}}"#),
        format!(r#"{{"type":"checkout_begun","order_id":"{one}","at":"{at}"}}"#),
        format!(r#"{{"type":"checkout_abandoned","order_id":"{one}","at":"{at}"}}"#),
        format!(r#"{{"type":"checkout_begun","order_id":"{two}","at":"{at}"}}"#),
        format!(r#"{{"type":"ordered","order_id":"{two}","at":"{at}"}}"#),
    ];
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn the_feed_names_every_change_and_its_line() {
    let shop = TestShop::open().await;
    let id = eventful_cart(&shop).await;
    let page = shop
        .contract::<dyn rpc::Feed<contracts::cart::CartEvent>>()
        .pull(0, 0, None)
        .await
        .unwrap();
    let published: Vec<Value> = page.messages.iter().map(|message| json!(message.event)).collect();
    let change = |change: &str, sku: Option<&str>, quantity: Option<i64>| {
        json!({
            "type": "cart_changed", "cart_id": id, "change": change, "sku": sku,
            "quantity": quantity,
        })
    };
    let expected = [
        change("created", None, None),
        change("line_added", Some("LAMP"), Some(1)),
        change("line_changed", Some("MUG"), Some(2)),
        change("line_removed", Some("LAMP"), Some(0)),
        change("checkout_begun", None, None),
        change("checkout_abandoned", None, None),
        change("checkout_begun", None, None),
        change("ordered", None, None),
    ];
    assert_eq!(published, expected);
}
