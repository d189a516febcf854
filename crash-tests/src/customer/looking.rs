//! What a customer looks at after the shop came back: all that was acknowledged is there, once; what was not is there
//! as a whole or not at all.

use super::{Asked, Circumstance, Customer, Order, learning::amount, learning::count_of_refunds};
use crate::{
    client::{Answer, Doors, Edge},
    violation::{Checked, Violation, ensure},
    wish::{Wish, lines_of},
};
use serde_json::Value;
use std::time::Duration;

/// How often something is looked at that follows its cause: a moment later, or a minute where it had to be tried
/// again and again.
const LOOKS_MAX: usize = 6_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Old orders that are looked at again each time.
const OLD_ORDERS: usize = 2;

impl Customer {
    /// Looks at everything that is not settled for good.
    pub(crate) async fn look(&mut self, doors: &Doors) -> Checked {
        self.repeat(doors).await?;
        self.look_at_cart(doors).await?;
        for order in self.orders.clone() {
            let json = order_of(doors, &order.id).await?;
            self.check_order(&order, &json).map_err(|violation| violation.seen(&json))?;
            self.tally.found += 1;
        }
        self.look_at_old(doors, OLD_ORDERS).await?;
        self.look_at_doubt(doors).await
    }

    /// Asks once more for what was acknowledged since the last time: the same bytes come, and nothing happens.
    async fn repeat(&mut self, doors: &Doors) -> Checked {
        for first in std::mem::take(&mut self.fresh) {
            // A no that was not remembered is decided anew, and may be a yes today.
            if self.circumstance != Circumstance::Ordinary && first.status >= 400 {
                continue;
            }
            let again = loop {
                let again = doors.send(&first.request).await.ok_or_else(gone)?;
                let is_full =
                    self.circumstance == Circumstance::FullDisk && again.code() == "storage_full";
                if is_full || !again.means_later() {
                    break again;
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            };
            if again.means_later() {
                // It could not be remembered, and cannot be answered anew before there is room.
                self.fresh.push(first);
                continue;
            }
            let is_replayed = again.headers.contains_key("idempotent-replayed");
            if self.circumstance != Circumstance::Ordinary && !is_replayed {
                let same: Value = serde_json::from_slice(&first.bytes).unwrap_or_default();
                // A cart's number is drawn by lot: one that could not be remembered is made anew, and the first one
                // stays empty-handed. Everything else is found again by what follows from its key.
                let is_cart = first.request.path == "/api/v1/carts";
                let is_found = again.is_good() && (is_cart || again.json["id"] == same["id"]);
                // An order that still waited for its payment has heard from the bank since. That it is there, though
                // cancelled, is looked at with the other orders.
                let is_declined = same["status"] == "pending" && again.code() == "payment_declined";
                ensure(is_found || is_declined, || {
                    format!("{:?} was answered with {same}, and now {again:?}", first.request)
                })?;
                self.tally.anew += 1;
                continue;
            }
            let same = again.status == first.status && again.bytes == first.bytes;
            ensure(same && is_replayed, || {
                format!(
                    "{:?} was answered with {} {:?}, and now with {} {:?}",
                    first.request, first.status, first.bytes, again.status, again.bytes
                )
            })?;
            self.tally.repeated += 1;
        }
        Ok(())
    }

    async fn look_at_cart(&mut self, doors: &Doors) -> Checked {
        let Some(cart) = self.cart.clone() else { return Ok(()) };
        let answer = read(doors, Edge::Shop, &format!("/api/v1/carts/{}", cart.id)).await?;
        let found = lines_of(&answer.json);
        let doubt = self.doubt.as_ref().filter(|asked| asked.wish.cart() == Some(&cart.id));
        let changed = doubt.map(|asked| asked.wish.applied_to(&cart.lines));
        match changed {
            Some(changed) if changed != cart.lines && found == changed => self.tally.whole += 1,
            Some(changed) if changed != cart.lines => self.tally.absent += 1,
            _ => {}
        }
        let changed = doubt.map(|asked| asked.wish.applied_to(&cart.lines));
        ensure(found == cart.lines || Some(&found) == changed.as_ref(), || {
            format!("the cart should be {cart:?}, with {doubt:?} in doubt, and is {}", answer.json)
        })?;
        self.tally.found += 1;
        Ok(())
    }

    fn check_order(&self, order: &Order, json: &Value) -> Checked {
        let same = json["id"] == *order.id
            && json["number"] == *order.number
            && json["email"] == *order.email
            && lines_of(json) == order.lines
            && amount(&json["totals"]["total"])? == order.total;
        ensure(same, || format!("it should be {order:?}"))?;
        for reason in &order.refunds {
            let count = count_of_refunds(json, reason);
            ensure(count == 1, || format!("the refund {reason} is there {count} times"))?;
        }
        let doubted = self.doubt.as_ref().filter(|asked| is_about(&asked.wish, &order.id));
        let in_doubt = |cancels: bool| {
            doubted.is_some_and(|it| matches!(it.wish, Wish::Cancel { .. }) == cancels)
        };
        let refunds = json["refunds"].as_array().map_or(0, Vec::len);
        let most = order.refunds.len() + usize::from(in_doubt(false));
        ensure(refunds <= most, || format!("refunds nobody asked for; {:?} were", order.refunds))?;
        let is_cancelled = json["status"] == "cancelled";
        ensure(is_cancelled || !order.cancelled, || "it was cancelled once")?;
        let may_be = order.is_to_be_cancelled || !order.was_confirmed || in_doubt(true);
        ensure(!is_cancelled || may_be, || format!("nobody asked to cancel it: {order:?}"))
    }

    pub(super) async fn look_at_old(&mut self, doors: &Doors, count: usize) -> Checked {
        for _ in 0..count.min(self.retired.len()) {
            let retired = self.retired.clone();
            let retired = self.one_of(&retired);
            let json = order_of(doors, &retired.id).await?;
            retired.is_unchanged(&json)?;
            self.tally.found += 1;
        }
        Ok(())
    }

    async fn look_at_doubt(&mut self, doors: &Doors) -> Checked {
        let Some(asked) = self.doubt.clone() else { return Ok(()) };
        let is_there = match &asked.wish {
            Wish::Checkout { lines, email, .. } | Wish::OrderAtOnce { lines, email, .. } => {
                let path = format!("/api/v1/orders?email={email}");
                let found = read(doors, Edge::Operator, &path).await?.json;
                let orders = found["items"].as_array().cloned().unwrap_or_default();
                ensure(orders.len() <= 1, || format!("one request, two orders: {found}"))?;
                for order in &orders {
                    let json = order_of(doors, order["id"].as_str().unwrap_or_default()).await?;
                    ensure(lines_of(&json) == *lines, || {
                        format!("half an order: {lines:?} were asked for, there is {json}")
                    })?;
                }
                !orders.is_empty()
            }
            Wish::Refund { order, reason, .. } => {
                let json = order_of(doors, order).await?;
                let count = count_of_refunds(&json, reason);
                ensure(count <= 1, || format!("one refund, there twice: {json}"))?;
                count == 1
            }
            Wish::Receive { sku, reason, quantity } => {
                let path = format!("/api/v1/stock/{sku}/movements?limit=200");
                let movements = read(doors, Edge::Operator, &path).await?.json;
                let items = movements["items"].as_array().into_iter().flatten();
                let mine: Vec<_> = items.filter(|it| it["reason"] == **reason).collect();
                let whole = mine.iter().all(|it| it["quantity"] == *quantity);
                ensure(mine.len() <= 1 && whole, || format!("not as asked for: {mine:?}"))?;
                !mine.is_empty()
            }
            _ => return Ok(()),
        };
        self.tally.whole += u64::from(is_there);
        self.tally.absent += u64::from(!is_there);
        Ok(())
    }
}

impl Asked {
    /// Whether it is about this order.
    pub(super) fn concerns(&self, order: &str) -> bool {
        is_about(&self.wish, order)
    }
}

fn is_about(wish: &Wish, id: &str) -> bool {
    match wish {
        Wish::Refund { order, .. } | Wish::Cancel { order, .. } | Wish::Act { order, .. } => {
            order == id
        }
        _ => false,
    }
}

/// An order as operators see it.
pub(crate) async fn order_of(doors: &Doors, id: &str) -> Checked<Value> {
    Ok(read(doors, Edge::Operator, &format!("/api/v1/orders/{id}")).await?.json)
}

/// What is at a path; it has to be there.
pub(crate) async fn read(doors: &Doors, edge: Edge, path: &str) -> Checked<Answer> {
    for _ in 0..LOOKS_MAX {
        let answer = doors.read(edge, path).await.ok_or_else(gone)?;
        if !answer.means_later() {
            ensure(answer.is_good(), || format!("{path}: {} {}", answer.status, answer.json))?;
            return Ok(answer);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(Violation::new(format!("{path} is not answered")))
}

/// Reads a path until what comes is as wanted; for facts that follow their cause a moment later.
pub(crate) async fn eventually(
    doors: &Doors,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Checked<Value> {
    let mut last = Value::Null;
    for _ in 0..LOOKS_MAX {
        last = read(doors, Edge::Operator, path).await?.json;
        if wanted(&last) {
            return Ok(last);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(Violation::new(format!("{path} stays {last}")))
}

fn gone() -> Violation {
    Violation::new("the shop is gone, and nobody killed it")
}
