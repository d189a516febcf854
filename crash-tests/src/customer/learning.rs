//! What a customer learns from a yes.

use super::{Cart, Circumstance, Customer, Order, Receipt};
use crate::{
    client::Answer,
    violation::{Checked, Violation, ensure},
    wish::{Lines, Wish, lines_of},
};
use serde_json::Value;

impl Customer {
    pub(super) fn learn(&mut self, wish: &Wish, answer: &Answer) -> Checked {
        let json = &answer.json;
        match wish {
            Wish::NewCart { lines } => {
                ensure(lines_of(json) == *lines, || format!("another cart was made: {json}"))?;
                self.cart = Some(Cart { id: text(json, "id")?, lines: lines.clone() });
            }
            Wish::AddLine { .. } | Wish::ChangeLine { .. } | Wish::RemoveLine { .. } => {
                let Some(cart) = &mut self.cart else { return Err(Violation::new("no cart")) };
                cart.lines = wish.applied_to(&cart.lines);
                let lines = &cart.lines;
                ensure(lines_of(json) == *lines, || format!("{lines:?} expected, not {json}"))?;
            }
            Wish::Checkout { lines, email, token, .. } => {
                self.bought(lines, email, token, json)?;
                self.cart = None;
            }
            Wish::OrderAtOnce { lines, email, token } => self.bought(lines, email, token, json)?,
            Wish::Refund { order, reason, .. } => {
                let (count, reason) = (count_of_refunds(json, reason), reason.clone());
                ensure(count == 1, || format!("refunded {count} times: {json}"))?;
                self.order(order)?.refunds.push(reason);
            }
            Wish::Cancel { order, .. } => {
                let is_cancelled = json["status"] == "cancelled";
                let may_be_late = self.circumstance != Circumstance::Ordinary
                    && shows_event(json, "cancel_requested");
                ensure(is_cancelled || may_be_late, || format!("not cancelled: {json}"))?;
                let order = self.order(order)?;
                order.cancelled |= is_cancelled;
                order.is_to_be_cancelled = true;
                // Nobody waits for the customer any more.
                order.action = None;
            }
            Wish::Act { order, outcome, .. } => {
                let order = self.order(order)?;
                order.action = None;
                order.acted = Some(outcome);
            }
            Wish::Receive { sku, quantity, reason } => {
                let same = json["quantity"] == *quantity && json["reason"] == **reason;
                ensure(same, || format!("something else was booked: {json}"))?;
                let (sku, reason) = (sku.clone(), reason.clone());
                self.receipts.push(Receipt { sku, quantity: *quantity, reason });
            }
        }
        Ok(())
    }

    fn bought(&mut self, lines: &Lines, email: &str, token: &'static str, json: &Value) -> Checked {
        let same = lines_of(json) == *lines && json["email"] == email;
        ensure(same, || format!("another order was placed: {json}"))?;
        let status = &json["status"];
        ensure(status == "confirmed" || status == "pending", || format!("placed as {json}"))?;
        let has_action = json["payment"]["action_url"].is_string();
        self.orders.push(Order {
            id: text(json, "id")?,
            number: text(json, "number")?,
            email: email.to_owned(),
            lines: lines.clone(),
            total: amount(&json["totals"]["total"])?,
            token,
            action: if has_action { Some(text(&json["payment"], "id")?) } else { None },
            acted: None,
            was_confirmed: status == "confirmed",
            cancelled: false,
            is_to_be_cancelled: false,
            refunds: Vec::new(),
        });
        Ok(())
    }

    fn order(&mut self, id: &str) -> Checked<&mut Order> {
        let found = self.orders.iter_mut().find(|order| order.id == id);
        found.ok_or_else(|| Violation::new(format!("no order {id} is remembered")))
    }
}

/// How many refunds of an order have this reason.
pub(super) fn count_of_refunds(order: &Value, reason: &str) -> usize {
    let refunds = order["refunds"].as_array().into_iter().flatten();
    refunds.filter(|refund| refund["reason"] == reason).count()
}

fn shows_event(order: &Value, event: &str) -> bool {
    let mut history = order["history"].as_array().into_iter().flatten();
    history.any(|it| it["event"] == event)
}

pub(crate) fn text(json: &Value, name: &str) -> Checked<String> {
    let found = json[name].as_str().map(str::to_owned);
    found.ok_or_else(|| Violation::new(format!("no {name} in {json}")))
}

pub(crate) fn amount(money: &Value) -> Checked<i64> {
    money["amount"].as_i64().ok_or_else(|| Violation::new(format!("{money} is no money")))
}
