//! What a customer's orders must have come to when nothing happens any more.

use super::{
    Circumstance, Customer, Goods, Order,
    learning::{amount, count_of_refunds, text},
    looking::{eventually, order_of},
};
use crate::{
    client::Doors,
    town::add,
    violation::{Checked, ensure},
    wish::{Lines, Wish},
};
use serde_json::Value;
use std::collections::HashSet;

/// What the bank says no to.
const DECLINED: [&str; 2] = ["decline", "insufficient_funds"];

/// An order nothing happens to any more, as it must stay.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    pub(crate) id: String,
    pub(crate) number: String,
    version: u64,
    status: String,
    refunded: i64,
    /// Units that left the stock for it and did not come back.
    pub(crate) gone: Lines,
}

impl Retired {
    fn new(order: Order, json: &Value) -> Checked<Self> {
        Ok(Self {
            id: order.id,
            number: order.number,
            version: json["version"].as_u64().unwrap_or_default(),
            status: json["status"].as_str().unwrap_or_default().to_owned(),
            refunded: amount(&json["payment"]["refunded"])?,
            gone: units_gone(json),
        })
    }

    /// Whether the order still is as it was.
    pub(crate) fn is_unchanged(&self, json: &Value) -> Checked {
        let same = json["version"] == self.version
            && json["number"] == *self.number
            && json["status"] == *self.status
            && amount(&json["payment"]["refunded"])? == self.refunded;
        ensure(same, || format!("{self:?} has changed into {json}"))
    }
}

impl Customer {
    /// Approves what waits for the customer, until every order has come to its end.
    pub(crate) async fn finish(&mut self, doors: &Doors) -> Checked {
        self.settle(doors).await?;
        for order in self.orders.clone().into_iter().filter(|order| order.acted.is_none()) {
            let path = format!("/api/v1/orders/{}", order.id);
            let moves_on = |json: &Value| {
                json["status"] != "pending" || json["payment"]["action_url"].is_string()
            };
            // Where it was placed in trouble, it may not have been known then that the customer is to act.
            let json = eventually(doors, &path, moves_on).await?;
            if json["status"] == "pending" {
                let payment = text(&json["payment"], "id")?;
                let wish = Wish::Act { order: order.id, payment, outcome: "approve" };
                let key = self.fresh_word("key");
                self.doubt = Some(super::Asked { request: wish.request(key), wish });
                self.settle(doors).await?;
            }
        }
        Ok(())
    }

    /// Checks all orders as they are at rest, and leaves them alone from now on.
    pub(crate) async fn retire(&mut self, doors: &Doors) -> Checked {
        for order in std::mem::take(&mut self.orders) {
            let path = format!("/api/v1/orders/{}", order.id);
            let json = eventually(doors, &path, |json| json["status"] != "pending").await?;
            self.check_at_rest(&order, &json).map_err(|violation| violation.seen(&json))?;
            self.tally.found += 1;
            self.retired.push(Retired::new(order, &json)?);
        }
        Ok(())
    }

    /// So many orders, one after the other, that are left alone from the beginning. Returns the units they took.
    pub(crate) async fn buy_many(
        &mut self,
        doors: &Doors,
        goods: &Goods,
        orders: u64,
    ) -> Checked<Lines> {
        let mut gone = Lines::new();
        for (_, sku) in (0..orders).zip(goods.plenty.iter().cycle()) {
            let lines = Lines::from([(sku.clone(), 1)]);
            let email = format!("{}@example.com", self.fresh_word("many"));
            let wish = Wish::OrderAtOnce { lines, email, token: "success" };
            let key = self.fresh_word("key");
            self.doubt = Some(super::Asked { request: wish.request(key), wish });
            self.settle(doors).await?;
            let answer = self.fresh.pop().map(|it| it.bytes).unwrap_or_default();
            let json: Value = serde_json::from_slice(&answer).unwrap_or_default();
            if let Some(order) = self.orders.pop() {
                let retired = Retired::new(order, &json)?;
                add(&mut gone, &retired.gone);
                self.retired.push(retired);
            }
        }
        Ok(gone)
    }

    fn check_at_rest(&self, order: &Order, json: &Value) -> Checked {
        is_balanced(json)?;
        let refunds = json["refunds"].as_array().map_or(0, Vec::len);
        let once = order.refunds.iter().all(|reason| count_of_refunds(json, reason) == 1);
        ensure(once && refunds == order.refunds.len(), || format!("it should be {order:?}"))?;
        let is_cancelled = json["status"] == "cancelled";
        let has_to_be = order.is_to_be_cancelled || order.acted == Some("decline");
        let is_expected =
            is_cancelled == has_to_be || (is_cancelled && self.was_refused_late(order, json));
        ensure(is_expected, || format!("it should be {order:?}"))?;
        ensure(self.doubt.as_ref().is_none_or(|asked| !asked.concerns(&order.id)), || "in doubt")
    }

    /// A no that found no room is told later: the order was shown as pending, and nobody was told that it is confirmed.
    fn was_refused_late(&self, order: &Order, json: &Value) -> bool {
        let is_possible = self.circumstance != Circumstance::Ordinary && !order.was_confirmed;
        is_possible
            && match json["cancel_reason"].as_str() {
                Some("out_of_stock") => true,
                Some("payment_declined") => DECLINED.contains(&order.token),
                _ => false,
            }
    }

    /// Every order that was retired, looked at once more.
    pub(crate) async fn look_at_all(&mut self, doors: &Doors) -> Checked {
        for retired in &self.retired {
            retired.is_unchanged(&order_of(doors, &retired.id).await?)?;
            self.tally.found += 1;
        }
        Ok(())
    }

    pub(crate) fn retired(&self) -> &[Retired] {
        &self.retired
    }

    /// Under which addresses orders were turned down.
    pub(crate) fn refused(&self) -> &HashSet<String> {
        &self.refused
    }
}

/// Line sums equal totals, what was taken is what was due, nothing more is given back than was taken, and a dead
/// order has taken nothing and has nothing set aside.
pub(crate) fn is_balanced(order: &Value) -> Checked {
    let totals = &order["totals"];
    let [items, discount, shipping, total] =
        ["items", "discount", "shipping", "total"].map(|name| amount(&totals[name]));
    let (items, discount, shipping, total) = (items?, discount?, shipping?, total?);
    let lines = order["lines"].as_array().into_iter().flatten();
    let lines: i64 = lines.map(|line| amount(&line["total"])).sum::<Checked<i64>>()?;
    let tax = if totals["tax_included"] == true { 0 } else { amount(&totals["tax"])? };
    let adds_up = lines == items && items - discount + shipping + tax == total;
    ensure(adds_up, || "its sums do not add up")?;

    let payment = &order["payment"];
    let (captured, refunded) = (amount(&payment["captured"])?, amount(&payment["refunded"])?);
    let listed = order["refunds"].as_array().into_iter().flatten();
    let listed: i64 = listed.map(|refund| amount(&refund["amount"])).sum::<Checked<i64>>()?;
    let is_cancelled = order["status"] == "cancelled";
    // A cancellation gives back what refunds have left, without a refund of its own.
    let is_listed = listed == refunded || (is_cancelled && listed <= refunded);
    ensure(is_listed && refunded <= captured, || "its refunds do not add up")?;
    match order["status"].as_str() {
        Some("confirmed" | "completed") => {
            ensure(captured == total, || "what was taken is not what was due")
        }
        Some("cancelled") => {
            let ended = ["voided", "refunded", "failed", "not_required"];
            let ended = ended.iter().any(|status| order["payment_status"] == *status);
            ensure(captured == refunded && ended, || "a dead order has money of the customer")
        }
        _ => ensure(false, || "it is not at rest"),
    }
}

/// Units of each SKU that an order took out of stock and that did not come back.
pub(crate) fn units_gone(order: &Value) -> Lines {
    let mut units = Lines::new();
    if order["status"] == "cancelled" {
        return units;
    }
    for (sku, quantity) in crate::wish::lines_of(order) {
        *units.entry(sku).or_default() += quantity;
    }
    let refunds = order["refunds"].as_array().into_iter().flatten();
    for refund in refunds.filter(|refund| refund["restocked"] == true) {
        for (sku, quantity) in crate::wish::lines_of(refund) {
            *units.entry(sku).or_default() -= quantity;
        }
    }
    units
}
