//! Carts of customers: a guest's cart goes into that of the customer who signs in, once, and nobody else uses either.

use crate::harness::{ACTOR, TestResponse, TestShop, lines_of, path_of};
use contracts::{
    cart::{AccountCarts, Destination, QuoteRequest, SERVICE},
    shared::{AccountId, CartId, OrderId},
};
use futures_util::future::join_all;
use kernel::{Timestamp, Uuid};
use serde_json::{Value, json};
use testkit::code;

const ADA: &str = "customer:0190a8b4-0000-7000-8000-00000000ada0";
const EVE: &str = "customer:0190a8b4-0000-7000-8000-00000000e0e0";

impl TestShop {
    async fn send_as(&self, actor: &str, method: &str, path: &str, body: Value) -> TestResponse {
        self.send_with(&[(ACTOR, actor)], method, path, body).await
    }

    /// Cart of a customer after the merge with this one.
    async fn merge(&self, customer: &str, guest: Option<&Value>) -> TestResponse {
        let merge = guest.map_or_else(|| json!({}), |cart| json!({"guest_cart": cart["id"]}));
        self.send_as(customer, "POST", "/api/v1/account/cart", merge).await
    }

    /// Cart of a customer with these lines.
    async fn cart_of(&self, customer: &str, lines: &[(&str, i64)]) -> Value {
        let lines = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity}));
        let new = json!({"lines": lines.collect::<Vec<_>>()});
        let made = self.send_as(customer, "POST", "/api/v1/carts", new).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body
    }

    /// Orders the cart of a customer.
    async fn order(&self, customer: &str, cart: &Value, number: u128) {
        let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
        let order = OrderId(Uuid::from_u128(number));
        self.contract.begin_checkout(id, order, checkout(customer)).await.unwrap();
        self.contract.ordered(id, order).await.unwrap();
    }
}

fn checkout(customer: &str) -> QuoteRequest {
    QuoteRequest {
        account: customer.strip_prefix("customer:").map(|account| account.parse().unwrap()),
        lines: Vec::new(),
        currency: None,
        destination: Destination { country: "DE".to_owned(), ..Destination::default() },
        shipping_method: None,
    }
}

#[tokio::test]
async fn lines_for_the_cart_of_a_customer_are_added_together_or_not_at_all() {
    let shop = TestShop::open().await;
    let one = shop.cart_of(ADA, &[("MUG", 1)]).await;
    let more = shop.cart_of(ADA, &[("MUG", 1), ("LAMP", 1), ("MUG", 1)]).await;
    assert_eq!((&more["id"], lines_of(&more)), (&one["id"], vec![("MUG", 3), ("LAMP", 1)]));
    let wrong = json!({"lines": [{"sku": "LAMP", "quantity": 1}, {"sku": "NOPE", "quantity": 1}]});
    let refused = shop.send_as(ADA, "POST", "/api/v1/carts", wrong).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let now = shop.cart_of(ADA, &[]).await;
    assert_eq!((&now["version"], lines_of(&now)), (&more["version"], lines_of(&more)));
    let many = shop.cart_of(ADA, &vec![("MUG", 1); 900]).await;
    let change = many["version"].as_u64().unwrap() - now["version"].as_u64().unwrap();
    assert_eq!((lines_of(&many), change), (vec![("MUG", 903), ("LAMP", 1)], 1), "one event");
}

#[tokio::test]
async fn the_setting_decides_what_becomes_of_two_carts() {
    for (strategy, expected, with_empty) in [
        ("sum", &[("MUG", 3), ("LAMP", 1), ("ANY-1", 4)][..], &[("MUG", 2), ("ANY-1", 4)][..]),
        ("use_guest", &[("MUG", 2), ("ANY-1", 4)], &[("MUG", 2), ("ANY-1", 4)]),
        ("use_existing", &[("MUG", 1), ("LAMP", 1)], &[]),
        ("use_guest_if_empty", &[("MUG", 1), ("LAMP", 1)], &[("MUG", 2), ("ANY-1", 4)]),
    ] {
        let shop = TestShop::open_with(&[("merge", strategy)]).await;
        for (own, expected) in [(&[("MUG", 1), ("LAMP", 1)][..], expected), (&[], with_empty)] {
            let customer = if own.is_empty() { EVE } else { ADA };
            shop.cart_of(customer, own).await;
            let guest = shop.cart(&[("MUG", 2), ("ANY-1", 4)]).await;
            let merged = shop.merge(customer, Some(&guest)).await;
            assert_eq!((merged.status, &*lines_of(&merged.body)), (200, expected), "{strategy}");
        }
    }
    assert_eq!(lines_of(&TestShop::open().await.cart_of(ADA, &[("MUG", 1)]).await), [("MUG", 1)]);
}

#[tokio::test]
async fn the_first_cart_of_a_customer_is_the_guests_under_another_id() {
    let shop = TestShop::open().await;
    assert_eq!(shop.merge(ADA, None).await.status, 404, "there is neither");
    let guest = shop.cart(&[("MUG", 2)]).await;
    let merged = shop.merge(ADA, Some(&guest)).await;
    assert_eq!(lines_of(&merged.body), [("MUG", 2)]);
    assert_ne!(merged.body["id"], guest["id"]);
    assert_eq!(merged.body["lines"][0]["previous_unit_price"], Value::Null, "its price is known");
}

#[tokio::test]
async fn a_merge_that_is_repeated_adds_nothing_and_the_guests_cart_is_of_no_use_any_more() {
    let shop = TestShop::open().await;
    let guest = shop.cart(&[("MUG", 2)]).await;
    let (path, lines) = (path_of(&guest), format!("{}/lines", path_of(&guest)));
    for _ in 0..3 {
        let merged = shop.merge(ADA, Some(&guest)).await.body;
        assert_eq!(lines_of(&merged), [("MUG", 2)]);
    }
    for actor in ["", ADA, EVE] {
        for (method, path, body) in [
            ("GET", path.clone(), Value::Null),
            ("POST", lines.clone(), json!({"sku": "MUG", "quantity": 1})),
            ("PATCH", format!("{lines}/MUG"), json!({"quantity": 1})),
            ("DELETE", format!("{lines}/MUG"), Value::Null),
            ("POST", format!("{path}/quote"), json!({"destination": {"country": "DE"}})),
        ] {
            let answer = shop.send_as(actor, method, &path, body).await;
            assert_eq!(
                (answer.status, answer.code()),
                (404, "not_found"),
                "{actor} {method} {path}"
            );
        }
    }
    assert_eq!(shop.merge(EVE, Some(&guest)).await.status, 404, "it belongs to nobody else");
    let id: CartId = serde_json::from_value(guest["id"].clone()).unwrap();
    let order = OrderId(Uuid::from_u128(1));
    assert_eq!(code(shop.contract.begin_checkout(id, order, checkout("")).await), "not_found");
}

#[tokio::test]
async fn merges_at_the_same_time_add_each_cart_once() {
    let shop = TestShop::open().await;
    let carts = [shop.cart(&[("MUG", 1)]).await, shop.cart(&[("MUG", 10)]).await];
    let merges = carts.iter().cycle().take(12).map(|cart| shop.merge(ADA, Some(cart)));
    let created = (0..3).map(|_| shop.cart_of(ADA, &[("LAMP", 1)]));
    let (answers, _) = tokio::join!(join_all(merges), join_all(created));
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let cart = shop.merge(ADA, None).await.body;
    let mut lines = lines_of(&cart);
    lines.sort_unstable();
    assert_eq!(lines, [("LAMP", 3), ("MUG", 11)]);
}

#[tokio::test]
async fn a_merge_goes_on_after_a_crash_at_every_step() {
    let shop = TestShop::open().await;
    let guest = shop.cart(&[("MUG", 2)]).await;
    shop.merge(ADA, Some(&guest)).await;
    let journal = shop.engine.service(SERVICE).journal;
    let written = journal.follow(0, 100).await.unwrap();
    let begun = written.iter().position(|event| event.name == "merged_into").unwrap();
    let names: Vec<_> = written[begun..].iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["merged_into", "created", "merged_from", "merge_ended"]);
    for kept in begun..=written.len() {
        let crashed = TestShop::with_events(&written[..kept]).await;
        let merged = crashed.merge(ADA, Some(&guest)).await;
        assert_eq!(lines_of(&merged.body), [("MUG", 2)], "after {kept} events");
        assert_eq!(crashed.merge(ADA, Some(&guest)).await.body["version"], merged.body["version"]);
        assert_eq!(crashed.send("GET", &path_of(&guest), Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn a_cart_of_a_customer_is_used_by_nobody_else() {
    let shop = TestShop::open().await;
    let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
    let (path, lines) = (path_of(&cart), format!("{}/lines", path_of(&cart)));
    for actor in ["", EVE, "guest:0190a8b4-0000-7000-8000-000000000000", "operator:ada"] {
        for (method, path, body) in [
            ("GET", path.clone(), Value::Null),
            ("POST", lines.clone(), json!({"sku": "MUG", "quantity": 1})),
            ("PATCH", format!("{lines}/MUG"), json!({"quantity": 9})),
            ("DELETE", format!("{lines}/MUG"), Value::Null),
            ("POST", format!("{path}/quote"), json!({"destination": {"country": "DE"}})),
        ] {
            let answer = shop.send_as(actor, method, &path, body).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{actor} {method}");
        }
        let methods = format!("/api/v1/shipping-methods?cart_id={}", cart["id"].as_str().unwrap());
        assert_eq!(shop.send_as(actor, "GET", &methods, Value::Null).await.status, 404);
        let account = shop.send_as(actor, "POST", "/api/v1/account/cart", json!({})).await;
        assert_eq!(account.status, if actor == EVE { 404 } else { 401 }, "{actor}");
    }
    assert_eq!(shop.merge(EVE, Some(&cart)).await.status, 404, "no merge takes it away");
    let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
    for stranger in ["", EVE] {
        let frozen = shop.contract.begin_checkout(id, OrderId(Uuid::nil()), checkout(stranger));
        assert_eq!(code(frozen.await), "not_found", "{stranger}");
    }
    let own = shop.send_as(ADA, "GET", &path, Value::Null).await;
    assert_eq!(lines_of(&own.body), [("MUG", 1)]);
}

#[tokio::test]
async fn after_an_order_the_customer_has_another_cart() {
    let shop = TestShop::open().await;
    for number in 1..4 {
        let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
        assert_eq!(lines_of(&cart), [("MUG", 1)]);
        shop.order(ADA, &cart, number).await;
        assert_eq!(shop.merge(ADA, None).await.status, 404);
    }
}

#[tokio::test]
async fn the_cart_of_a_customer_is_found_again_when_its_number_is_lost() {
    let shop = TestShop::open().await;
    let key = ADA.replace("customer:", "customer-cart-");
    for number in 1..4 {
        let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
        shop.order(ADA, &cart, number).await;
    }
    let cart = shop.cart_of(ADA, &[("LAMP", 1)]).await;
    let losable = shop.engine.service(SERVICE).losable;
    assert!(losable.value(&key, Timestamp::UNIX_EPOCH).await.unwrap().is_some());
    let _ = losable.remove(&key).await.unwrap();
    assert_eq!(shop.merge(ADA, None).await.body["id"], cart["id"]);
    assert!(losable.value(&key, Timestamp::UNIX_EPOCH).await.unwrap().is_some(), "it refills");
}

#[tokio::test]
async fn a_cart_that_is_being_ordered_takes_no_merge_until_it_is_decided() {
    let shop = TestShop::open().await;
    let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
    let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
    let order = OrderId(Uuid::from_u128(1));
    shop.contract.begin_checkout(id, order, checkout(ADA)).await.unwrap();
    let guest = shop.cart(&[("LAMP", 1)]).await;
    assert_eq!(shop.merge(ADA, Some(&guest)).await.code(), "checking_out");
    shop.contract.ordered(id, order).await.unwrap();
    let merged = shop.merge(ADA, Some(&guest)).await.body;
    assert_eq!(lines_of(&merged), [("LAMP", 1)], "in the next cart, and once");
    assert_eq!(lines_of(&shop.merge(ADA, Some(&guest)).await.body), [("LAMP", 1)]);
}

#[tokio::test]
async fn a_merge_stores_what_changes_and_no_more_than_the_guests_cart_did() {
    let skus: Vec<_> = (0..999).map(|number| format!("ANY-{number}")).collect();
    let full: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    for strategy in ["sum", "use_guest", "use_existing", "use_guest_if_empty"] {
        let shop = TestShop::open_with(&[("merge", strategy)]).await;
        let own = if strategy == "use_guest" { &full[..1] } else { &full[..] };
        shop.cart_of(ADA, own).await;
        for number in 0..5 {
            let guest = shop.cart(&[("MUG", 1), ("ANY-1", 2)]).await;
            let journal = shop.engine.service(SERVICE).journal;
            let end = journal.last_position().await.unwrap();
            assert_eq!(shop.merge(ADA, Some(&guest)).await.status, 200);
            let events = journal.follow(end, 100).await.unwrap();
            let bytes: usize = events.iter().map(|event| event.data.len()).sum();
            assert!(bytes < 200, "{strategy} {number}: {bytes}");
        }
    }
}

#[tokio::test]
async fn an_erased_customer_has_neither_cart_nor_wish_list_and_never_again() {
    let shop = TestShop::open().await;
    let (ada, wishes) = (account(ADA), "/api/v1/account/wish-list");
    let (mug, none) = (format!("{wishes}/MUG"), json!({}));
    let clients = shop.clients::<dyn AccountCarts>().await;
    for (name, carts) in &clients {
        let stranger = AccountId(Uuid::from_u128(9));
        let known = carts.export(stranger).await.unwrap();
        assert_eq!((known.cart, known.wish_list.items.len()), (None, 0), "{name}");
    }
    let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
    shop.cart_of(EVE, &[("MUG", 1)]).await;
    assert_eq!(shop.send_as(ADA, "PUT", &mug, Value::Null).await.status, 200);
    let known = clients[0].1.export(ada).await.unwrap();
    let skus = |cart: &contracts::cart::Cart| {
        cart.lines.iter().map(|it| it.sku.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(known.cart.as_ref().map(skus).unwrap(), ["MUG"]);
    assert_eq!(known.wish_list.items.len(), 1);
    let mut end = 0;
    for (name, carts) in &clients {
        carts.erase(ada).await.unwrap();
        let known = carts.export(ada).await.unwrap();
        assert_eq!((known.cart, known.wish_list.items.len()), (None, 0), "{name}");
        let last = shop.engine.service(SERVICE).journal.last_position().await.unwrap();
        assert!(end == 0 || end == last, "again is no change: {name}");
        end = last;
    }
    // A request that was under way meanwhile.
    let guest = shop.cart(&[("LAMP", 1)]).await;
    let lines = format!("{}/lines", path_of(&cart));
    for (method, path, body) in [
        ("POST", "/api/v1/carts", json!({"lines": [{"sku": "MUG", "quantity": 1}]})),
        ("POST", &*lines, json!({"sku": "MUG", "quantity": 1})),
        ("POST", "/api/v1/account/cart", json!({"guest_cart": guest["id"]})),
        ("POST", "/api/v1/account/cart", none),
        ("GET", &*path_of(&cart), Value::Null),
        ("PUT", &*mug, Value::Null),
    ] {
        let refused = shop.send_as(ADA, method, path, body).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found"), "{method} {path}");
    }
    assert_eq!(lines_of(&shop.read(&guest).await), [("LAMP", 1)], "a guest's cart is not lost");
    assert_eq!(lines_of(&shop.merge(EVE, None).await.body), [("MUG", 1)], "others are untouched");
    // Of an account without a cart as well.
    let bob = "customer:0190a8b4-0000-7000-8000-00000000b0b0";
    clients[0].1.erase(account(bob)).await.unwrap();
    let new = json!({"lines": [{"sku": "MUG", "quantity": 1}]});
    assert_eq!(shop.send_as(bob, "POST", "/api/v1/carts", new).await.status, 404);
}

#[tokio::test]
async fn an_order_that_is_being_placed_keeps_the_cart_of_an_erased_customer_until_it_is_decided() {
    for is_ordered in [true, false] {
        let shop = TestShop::open().await;
        let cart = shop.cart_of(ADA, &[("MUG", 1)]).await;
        let id: CartId = serde_json::from_value(cart["id"].clone()).unwrap();
        let order = OrderId(Uuid::from_u128(1));
        shop.contract.begin_checkout(id, order, checkout(ADA)).await.unwrap();
        let carts = shop.contract::<dyn AccountCarts>();
        carts.erase(account(ADA)).await.unwrap();
        assert_eq!(carts.export(account(ADA)).await.unwrap().cart, None);
        if is_ordered {
            shop.contract.ordered(id, order).await.unwrap();
        } else {
            shop.contract.reopen(id, order).await.unwrap();
            let next = OrderId(Uuid::from_u128(2));
            assert_eq!(
                code(shop.contract.begin_checkout(id, next, checkout(ADA)).await),
                "not_found"
            );
        }
        assert_eq!(shop.merge(ADA, None).await.status, 404);
        let new = json!({"lines": [{"sku": "MUG", "quantity": 1}]});
        assert_eq!(shop.send_as(ADA, "POST", "/api/v1/carts", new).await.status, 404);
    }
}

fn account(customer: &str) -> AccountId {
    customer.strip_prefix("customer:").unwrap().parse().unwrap()
}
