//! Invariants of every shop at rest, checked through its API.

use crate::{
    client::Client,
    fixtures::{eventually, id},
    shop::TestShop,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks all invariants.
pub(crate) async fn check(shop: &TestShop) {
    eventually(shop, "/api/v1/sagas", |sagas| sagas["items"].as_array().is_some_and(Vec::is_empty))
        .await;
    let orders = all(&shop.operator, "/api/v1/orders").await;
    let mut sold: BTreeMap<String, i64> = BTreeMap::new();
    for summary in &orders {
        let order = shop.operator.get(&format!("/api/v1/orders/{}", id(summary))).await.ok();
        adds_up(&order);
        money_balances(&order);
        assert_eq!(order["status"], summary["status"], "the list says what the order says");
        for (sku, units) in units_sold(&order) {
            *sold.entry(sku).or_default() += units;
        }
    }
    numbers_are_unique(&orders);
    for (sku, units) in sold {
        stock_conserves(shop, &sku, units).await;
    }
}

fn amount(value: &Value) -> i64 {
    value["amount"].as_i64().unwrap_or_else(|| panic!("{value} is not an amount"))
}

/// Asserts that the lines add up to the totals.
fn adds_up(order: &Value) {
    let totals = &order["totals"];
    let lines: i64 =
        order["lines"].as_array().unwrap().iter().map(|line| amount(&line["total"])).sum();
    assert_eq!(lines, amount(&totals["items"]), "{order}");
    let added = if totals["tax_included"] == true { 0 } else { amount(&totals["tax"]) };
    let sum = lines - amount(&totals["discount"]) + amount(&totals["shipping"]) + added;
    assert_eq!(sum, amount(&totals["total"]), "{order}");
}

/// Asserts that the total is captured or authorised, that refunds do not exceed captures, and that a cancelled order is fully refunded.
fn money_balances(order: &Value) {
    let (captured, refunded) =
        (amount(&order["payment"]["captured"]), amount(&order["payment"]["refunded"]));
    let authorised = amount(&order["payment"]["authorised"]);
    let total = amount(&order["totals"]["total"]);
    let listed: i64 =
        order["refunds"].as_array().unwrap().iter().map(|refund| amount(&refund["amount"])).sum();
    // A cancellation gives back what refunds have left, without a refund of its own.
    let cancelled = order["status"] == "cancelled";
    assert!(listed == refunded || cancelled && listed <= refunded, "{order}");
    assert!((0..=captured).contains(&refunded), "{order}");
    match order["status"].as_str().unwrap() {
        "confirmed" => assert_eq!(captured + authorised, total, "{order}"),
        "completed" => assert_eq!((captured, authorised), (total, 0), "{order}"),
        "cancelled" => assert_eq!((captured, authorised), (refunded, 0), "{order}"),
        status => panic!("an order at rest is {status}: {order}"),
    }
}

/// Units of each SKU that this order sold and that were not restocked.
fn units_sold(order: &Value) -> Vec<(String, i64)> {
    let is_sold = order["status"] != "cancelled";
    let mut units: BTreeMap<String, i64> = BTreeMap::new();
    for line in order["lines"].as_array().unwrap() {
        let quantity = line["quantity"].as_i64().unwrap();
        *units.entry(line["sku"].as_str().unwrap().to_owned()).or_default() +=
            if is_sold { quantity } else { 0 };
    }
    for refund in order["refunds"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|refund| refund["restocked"] == true && is_sold)
    {
        for line in refund["lines"].as_array().unwrap() {
            *units.entry(line["sku"].as_str().unwrap().to_owned()).or_default() -=
                line["quantity"].as_i64().unwrap();
        }
    }
    units.into_iter().collect()
}

/// Asserts that no units are held, no stock is negative, and units received equal units on hand plus units sold.
async fn stock_conserves(shop: &TestShop, sku: &str, sold: i64) {
    let path = format!("/api/v1/stock/{sku}");
    let stock = eventually(shop, &path, |stock| stock["held"] == 0).await;
    let on_hand = stock["on_hand"].as_i64().unwrap();
    assert!(on_hand >= 0 && stock["available"].as_i64().unwrap() >= 0, "{stock}");
    let balanced = |movements: &[Value]| {
        let sum = |kinds: &[&str]| -> i64 {
            let of_kind =
                movements.iter().filter(|it| kinds.contains(&it["kind"].as_str().unwrap()));
            of_kind.map(|movement| movement["quantity"].as_i64().unwrap()).sum()
        };
        let (came, went) = (sum(&["received", "adjusted"]), sum(&["sold", "returned"]));
        (
            came + went == on_hand && -went == sold,
            format!("{sku}: came {came}, went {went}, sold {sold}, {stock}"),
        )
    };
    let mut balance = (false, String::new());
    for _ in 0..500 {
        balance = balanced(&all(&shop.operator, &format!("{path}/movements")).await);
        if balance.0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{}", balance.1);
}

fn numbers_are_unique(orders: &[Value]) {
    let mut numbers: Vec<_> =
        orders.iter().map(|order| order["number"].as_str().unwrap()).collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "two orders have the same number");
}

/// All items of a list, page by page.
pub(crate) async fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}?limit=200{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}
