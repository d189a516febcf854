//! Order documents as the API returns them: field access and invariants.

use crate::{
    operation::{Lines, lines_from_json},
    violation::{CheckResult, Violation, ensure},
};
use serde_json::Value;

pub(crate) fn text_field(json: &Value, name: &str) -> CheckResult<String> {
    let text = json[name].as_str().map(str::to_owned);
    text.ok_or_else(|| Violation::new(format!("no {name} in {json}")))
}

/// The amount of a money field, in minor units.
pub(crate) fn amount_of(money: &Value) -> CheckResult<i64> {
    money["amount"].as_i64().ok_or_else(|| Violation::new(format!("{money} is no money")))
}

/// The number of refunds of an order with this reason.
pub(crate) fn count_refunds(order: &Value, reason: &str) -> usize {
    let refunds = order["refunds"].as_array().into_iter().flatten();
    refunds.filter(|refund| refund["reason"] == reason).count()
}

pub(crate) fn has_history_event(order: &Value, name: &str) -> bool {
    let mut history = order["history"].as_array().into_iter().flatten();
    history.any(|entry| entry["event"] == name)
}

/// Checks the money of an order at quiescence: line sums equal totals, the captured amount is the total, refunds do
/// not exceed the captured amount, and a cancelled order has nothing captured or authorised.
pub(crate) fn check_balanced(order: &Value) -> CheckResult {
    let totals = &order["totals"];
    let [items, discount, shipping, total] =
        ["items", "discount", "shipping", "total"].map(|name| amount_of(&totals[name]));
    let (items, discount, shipping, total) = (items?, discount?, shipping?, total?);
    let lines = order["lines"].as_array().into_iter().flatten();
    let lines: i64 = lines.map(|line| amount_of(&line["total"])).sum::<CheckResult<i64>>()?;
    let tax = if totals["tax_included"] == true { 0 } else { amount_of(&totals["tax"])? };
    let adds_up = lines == items && items - discount + shipping + tax == total;
    ensure(adds_up, || "its totals do not add up")?;

    let payment = &order["payment"];
    let (captured, refunded) = (amount_of(&payment["captured"])?, amount_of(&payment["refunded"])?);
    let refunds = order["refunds"].as_array().into_iter().flatten();
    let listed: i64 =
        refunds.map(|refund| amount_of(&refund["amount"])).sum::<CheckResult<i64>>()?;
    let is_cancelled = order["status"] == "cancelled";
    // A cancellation returns what refunds have left, without a refund entry of its own.
    let is_listed = listed == refunded || (is_cancelled && listed <= refunded);
    ensure(is_listed && refunded <= captured, || "its refunds do not add up")?;
    match order["status"].as_str() {
        Some("confirmed" | "completed") => {
            ensure(captured == total, || "the captured amount is not the total")
        }
        Some("cancelled") => {
            let terminal = ["voided", "refunded", "failed", "not_required"];
            let is_terminal = terminal.iter().any(|status| order["payment_status"] == *status);
            ensure(
                captured == refunded && is_terminal,
                || "a cancelled order still holds the shopper's money",
            )
        }
        _ => ensure(false, || "it is not in a terminal status"),
    }
}

/// Units of each SKU sold by an order, less the units restocked.
pub(crate) fn net_units_sold(order: &Value) -> Lines {
    let mut units = Lines::new();
    if order["status"] == "cancelled" {
        return units;
    }
    for (sku, quantity) in lines_from_json(order) {
        *units.entry(sku).or_default() += quantity;
    }
    let refunds = order["refunds"].as_array().into_iter().flatten();
    for refund in refunds.filter(|refund| refund["restocked"] == true) {
        for (sku, quantity) in lines_from_json(refund) {
            *units.entry(sku).or_default() -= quantity;
        }
    }
    units
}
