//! Notices: what changed since a line was added, and what stands in the way of a checkout, all of it at once.

use crate::harness::{TestShop, change_variant, path_of};
use contracts::product::VariantFacts;
use kernel::{Currency, UnitPrice};
use serde_json::{Value, json};

fn priced(facts: VariantFacts, text: &str, currency: Currency) -> VariantFacts {
    VariantFacts { price: UnitPrice::parse_major(text, currency).unwrap(), ..facts }
}

/// Codes of the notices about a SKU.
fn codes<'a>(cart: &'a Value, sku: &str) -> Vec<&'a str> {
    let notices = cart["notices"].as_array().unwrap().iter().filter(|notice| notice["sku"] == sku);
    notices.map(|notice| notice["code"].as_str().unwrap()).collect()
}

fn problem<'a>(cart: &'a Value, sku: &str) -> &'a Value {
    let mut lines = cart["lines"].as_array().unwrap().iter();
    &lines.find(|line| line["sku"] == sku).unwrap()["problem"]
}

#[tokio::test]
async fn a_changed_price_is_told_with_the_old_and_the_new_one_until_the_line_is_changed() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 2), ("ANY-1", 1)]).await;
    assert_eq!(cart["notices"], json!([]));
    for (change, to) in [
        ((|facts| Some(priced(facts, "19.50", Currency::EUR))) as fn(_) -> _, 1_950),
        (|facts| Some(priced(facts, "17.00", Currency::EUR)), 1_700),
    ] {
        change_variant("mug", change);
        let now = shop.read(&cart).await;
        let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        let expected = json!([{
            "code": "price_changed", "sku": "MUG", "previous_unit_price": money(1_800),
            "unit_price": money(to), "message": now["notices"][0]["message"],
        }]);
        assert_eq!(now["notices"], expected);
        let line = &now["lines"][0];
        assert_eq!((&line["previous_unit_price"], &line["problem"]), (&money(1_800), &Value::Null));
        assert_eq!(now["totals"]["items"]["amount"], 2 * to + 1_800);
    }
    // Who changes the line has seen the price.
    let mug = format!("{}/lines/MUG", path_of(&cart));
    let changed = shop.send("PATCH", &mug, json!({"quantity": 3})).await;
    assert_eq!(changed.body["notices"], json!([]));
    change_variant("mug", Some);
    assert_eq!(codes(&shop.read(&cart).await, "MUG"), ["price_changed"]);
    let added = json!({"sku": "MUG", "quantity": 1});
    let lines = format!("{}/lines", path_of(&cart));
    assert_eq!(shop.send("POST", &lines, added).await.body["notices"], json!([]));
}

#[tokio::test]
async fn all_problems_are_told_at_once_and_what_cannot_be_bought_costs_nothing() {
    let shop = TestShop::open().await;
    let skus = ["ANY-OK", "ANY-SOLD", "ANY-FEW", "ANY-HIDDEN", "ANY-REMOVED", "ANY-YEN"];
    let cart = shop.cart(&skus.map(|sku| (sku, 4))).await;
    change_variant("ANY-SOLD", |facts| Some(VariantFacts { in_stock: false, ..facts }));
    change_variant("ANY-FEW", |facts| Some(VariantFacts { only_left: Some(3), ..facts }));
    change_variant("ANY-HIDDEN", |facts| Some(VariantFacts { for_sale: false, ..facts }));
    change_variant("ANY-REMOVED", |_| None);
    change_variant("ANY-YEN", |facts| Some(priced(facts, "2000", Currency::JPY)));
    let now = shop.read(&cart).await;
    for (sku, code) in [
        ("ANY-SOLD", "sold_out"),
        ("ANY-FEW", "fewer_left"),
        ("ANY-HIDDEN", "not_for_sale"),
        ("ANY-REMOVED", "not_for_sale"),
        ("ANY-YEN", "not_sold_in_currency"),
    ] {
        assert_eq!((problem(&now, sku), codes(&now, sku)), (&json!(code), vec![code]), "{sku}");
    }
    assert_eq!(problem(&now, "ANY-OK"), &Value::Null);
    assert_eq!(now["notices"][1]["available"], 3);
    assert_eq!(now["totals"]["items"]["amount"], (4 + 3) * 1_800, "the units that are left count");
    // Each of them can be seen and removed.
    assert_eq!(now["lines"].as_array().unwrap().len(), skus.len());
    for sku in &skus[1..] {
        let line = format!("{}/lines/{sku}", path_of(&cart));
        assert_eq!(shop.send("DELETE", &line, Value::Null).await.status, 200, "{sku}");
    }
    let left = shop.read(&cart).await;
    assert_eq!((&left["notices"], left["item_count"].as_i64()), (&json!([]), Some(4)));
}

#[tokio::test]
async fn more_units_than_there_are_are_told_as_soon_as_they_are_asked_for() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("ANY-11", 12), ("ANY-1", 500), ("LAMP", 3)]).await;
    let lines = format!("{}/lines", path_of(&cart));
    let fewer = |cart: &Value| {
        assert_eq!(
            (problem(cart, "ANY-11"), codes(cart, "ANY-11")),
            (&json!("fewer_left"), vec!["fewer_left"])
        );
        assert_eq!(cart["notices"][0]["available"], 11);
        assert_eq!(cart["notices"].as_array().unwrap().len(), 1);
    };
    fewer(&cart);
    let patched = shop.send("PATCH", &format!("{lines}/any-11"), json!({"quantity": 500})).await;
    fewer(&patched.body);
    let enough = shop.send("PATCH", &format!("{lines}/ANY-11"), json!({"quantity": 11})).await;
    assert_eq!(enough.body["notices"], json!([]));
    let more = json!({"sku": "ANY-11", "quantity": 1});
    fewer(&shop.send("POST", &lines, more).await.body);
    fewer(&shop.read(&cart).await);
}
