//! Read-back after a fault: every acknowledged fact is there once, and a request in doubt was applied as a whole or
//! not at all.

use super::{
    Customer,
    model::{AcknowledgedRequest, ExpectedOrder, Invocation},
};
use crate::{
    client::{Edge, EdgeClient, Response},
    fetch::{POLL_INTERVAL, fetch, fetch_order, unexpected_exit},
    operation::{Operation, lines_from_json},
    order_document::{amount_of, count_refunds, text_field},
    violation::{CheckResult, ensure},
};
use rand::Rng;
use serde_json::Value;
use std::collections::BTreeMap;

/// Number of settled orders that every read-back samples.
const SETTLED_SAMPLE: usize = 2;

impl Customer {
    /// Reads back the cart, the open orders, a sample of the settled ones, and the request in doubt.
    pub(crate) async fn read_back(&mut self, client: &EdgeClient) -> CheckResult {
        self.replay_acknowledged(client).await?;
        self.read_back_cart(client).await?;
        for order in self.orders.clone() {
            let json = fetch_order(client, &order.id).await?;
            self.check_order(&order, &json).map_err(|violation| violation.context(&json))?;
            self.counters.facts_verified += 1;
        }
        self.read_back_settled_sample(client).await?;
        self.read_back_in_doubt(client).await
    }

    /// Sends the requests acknowledged since the last read-back again: the same answer must come, without any effect.
    async fn replay_acknowledged(&mut self, client: &EdgeClient) -> CheckResult {
        for first in std::mem::take(&mut self.acknowledged) {
            let again = send_again(client, &first).await?;
            // A refusal for good is that of the saga itself.
            let is_replayed =
                first.status >= 500 || again.headers.contains_key("idempotent-replayed");
            let is_same = again.status == first.status && is_same_answer(&first, &again);
            ensure(is_same && is_replayed, || {
                format!(
                    "the response to {:?} was {} {:?}, and is now {} {:?}",
                    first.request, first.status, first.bytes, again.status, again.bytes
                )
            })?;
            self.counters.replayed += 1;
        }
        Ok(())
    }

    async fn read_back_cart(&mut self, client: &EdgeClient) -> CheckResult {
        let Some(cart) = self.cart.clone() else { return Ok(()) };
        let response = fetch(client, Edge::Shop, &format!("/api/v1/carts/{}", cart.id)).await?;
        let lines = lines_from_json(&response.json);
        let in_doubt = self.in_doubt.as_ref().filter(|it| it.operation.cart() == Some(&cart.id));
        let changed = in_doubt.map(|it| it.operation.apply_to(&cart.lines));
        match &changed {
            Some(changed) if *changed != cart.lines && lines == *changed => {
                self.counters.applied += 1;
            }
            Some(changed) if *changed != cart.lines => self.counters.not_applied += 1,
            _ => {}
        }
        ensure(lines == cart.lines || Some(&lines) == changed.as_ref(), || {
            format!("{cart:?} expected, with {in_doubt:?} in doubt, not {}", response.json)
        })?;
        self.counters.facts_verified += 1;
        Ok(())
    }

    fn check_order(&self, order: &ExpectedOrder, json: &Value) -> CheckResult {
        let is_same = json["id"] == *order.id
            && json["number"] == *order.number
            && json["email"] == *order.email
            && lines_from_json(json) == order.lines
            && amount_of(&json["totals"]["total"])? == order.total;
        ensure(is_same, || format!("expected: {order:?}"))?;
        for reason in &order.refunds {
            let count = count_refunds(json, reason);
            ensure(count == 1, || format!("the refund {reason} is there {count} times"))?;
        }
        let in_doubt = self.in_doubt.as_ref().filter(|it| it.concerns(&order.id));
        let is_cancel = |it: &Invocation| matches!(it.operation, Operation::CancelOrder { .. });
        let cancel_in_doubt = in_doubt.is_some_and(is_cancel);
        let other_in_doubt = in_doubt.is_some_and(|it| !is_cancel(it));
        let refunds = json["refunds"].as_array().map_or(0, Vec::len);
        let refunds_max = order.refunds.len() + usize::from(other_in_doubt);
        ensure(refunds <= refunds_max, || format!("more refunds than {:?}", order.refunds))?;
        let is_cancelled = json["status"] == "cancelled";
        ensure(is_cancelled || !order.is_cancelled, || "its cancellation is lost")?;
        let may_be_cancelled = order.is_cancel_requested || !order.was_confirmed || cancel_in_doubt;
        ensure(!is_cancelled || may_be_cancelled, || {
            format!("cancelled without a request: {order:?}")
        })
    }

    async fn read_back_settled_sample(&mut self, client: &EdgeClient) -> CheckResult {
        for _ in 0..SETTLED_SAMPLE.min(self.settled.len()) {
            let index = self.random.random_range(0..self.settled.len());
            let settled = &self.settled[index];
            settled.check_unchanged(&fetch_order(client, &settled.id).await?)?;
            self.counters.facts_verified += 1;
        }
        Ok(())
    }

    async fn read_back_in_doubt(&mut self, client: &EdgeClient) -> CheckResult {
        let Some(invocation) = self.in_doubt.clone() else { return Ok(()) };
        let is_applied = match &invocation.operation {
            Operation::Checkout { lines, email, .. }
            | Operation::PlaceOrder { lines, email, .. } => {
                // By id: an order that ends between the two requests, as an attempt, is in both lists.
                let mut orders = BTreeMap::new();
                for filter in ["", "&status=attempted"] {
                    let path = format!("/api/v1/orders?email={email}{filter}");
                    let page = fetch(client, Edge::Operator, &path).await?.json;
                    for order in page["items"].as_array().cloned().unwrap_or_default() {
                        orders.insert(text_field(&order, "id")?, order);
                    }
                }
                ensure(orders.len() <= 1, || format!("one request, two orders: {orders:?}"))?;
                for id in orders.keys() {
                    let json = fetch_order(client, id).await?;
                    ensure(lines_from_json(&json) == *lines, || {
                        format!("applied in part: {lines:?} expected, not {json}")
                    })?;
                }
                !orders.is_empty()
            }
            Operation::Refund { order, reason, .. } => {
                let json = fetch_order(client, order).await?;
                let count = count_refunds(&json, reason);
                ensure(count <= 1, || format!("one request, two refunds: {json}"))?;
                count == 1
            }
            Operation::ReceiveStock { sku, reason, quantity } => {
                let path = format!("/api/v1/stock/{sku}/movements?limit=200");
                let page = fetch(client, Edge::Operator, &path).await?.json;
                let items = page["items"].as_array().into_iter().flatten();
                let movements: Vec<_> = items.filter(|it| it["reason"] == **reason).collect();
                let is_whole = movements.iter().all(|it| it["quantity"] == *quantity);
                ensure(movements.len() <= 1 && is_whole, || {
                    format!("applied in part or twice: {movements:?}")
                })?;
                !movements.is_empty()
            }
            _ => return Ok(()),
        };
        self.counters.applied += u64::from(is_applied);
        self.counters.not_applied += u64::from(!is_applied);
        Ok(())
    }
}

/// Whether a repeated request was given the answer of the first one: the same bytes, or of a cart the same lines, which are
/// shown at the prices and the availability of now.
fn is_same_answer(first: &AcknowledgedRequest, again: &Response) -> bool {
    let is_cart = first.request.path.starts_with("/api/v1/carts")
        && !first.request.path.ends_with("/checkout");
    if !is_cart || first.status >= 400 {
        return again.bytes == first.bytes;
    }
    let before: Value = serde_json::from_slice(&first.bytes).unwrap_or_default();
    let lines = |cart: &Value| -> Vec<(Value, Value)> {
        let lines = cart["lines"].as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| (line["sku"].clone(), line["quantity"].clone())).collect()
    };
    let facts = |cart: &Value| (cart["id"].clone(), cart["version"].clone(), lines(cart));
    facts(&before) == facts(&again.json)
}

/// Retries until there is a final response.
async fn send_again(client: &EdgeClient, first: &AcknowledgedRequest) -> CheckResult<Response> {
    loop {
        let again = client.send(&first.request).await.ok_or_else(unexpected_exit)?;
        if !again.is_retryable() {
            return Ok(again);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

impl Invocation {
    /// Whether the operation is about this order.
    pub(super) fn concerns(&self, id: &str) -> bool {
        match &self.operation {
            Operation::Refund { order, .. }
            | Operation::CancelOrder { order, .. }
            | Operation::ResolvePaymentAction { order, .. } => order == id,
            _ => false,
        }
    }
}
