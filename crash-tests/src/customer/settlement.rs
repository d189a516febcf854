//! Settlement at quiescence: brings a customer's orders to a terminal status and checks that it is the expected one.

use super::{
    Catalogue, Customer,
    model::{ExpectedOrder, SettledOrder},
};
use crate::{
    client::EdgeClient,
    fetch::{fetch_order, poll_until},
    operation::{Lines, Operation, add_lines},
    order_document::{check_balanced, count_refunds, text_field},
    storage_fault::StorageFault,
    violation::{CheckResult, ensure},
};
use serde_json::Value;

/// Payment tokens that the processor declines.
const DECLINED_TOKENS: [&str; 2] = ["decline", "insufficient_funds"];

impl Customer {
    /// Resolves the request in doubt and approves the payments that wait for the shopper.
    pub(crate) async fn complete_pending(&mut self, client: &EdgeClient) -> CheckResult {
        self.resolve_in_doubt(client).await?;
        let orders = self.orders.clone();
        for order in orders.into_iter().filter(|order| order.action_outcome.is_none()) {
            let path = format!("/api/v1/orders/{}", order.id);
            let is_decided = |json: &Value| {
                json["status"] != "pending" || json["payment"]["action_url"].is_string()
            };
            // An order placed during a fault may not have known at first that the shopper has to act.
            let json = poll_until(client, &path, is_decided).await?;
            if json["status"] == "pending" {
                let payment = text_field(&json["payment"], "id")?;
                let (order, outcome) = (order.id, "approve");
                let invocation =
                    self.invoke(Operation::ResolvePaymentAction { order, payment, outcome });
                self.in_doubt = Some(invocation);
                self.resolve_in_doubt(client).await?;
            }
        }
        Ok(())
    }

    /// Checks all open orders in their terminal status, and moves them to the settled ones.
    pub(crate) async fn settle_orders(&mut self, client: &EdgeClient) -> CheckResult {
        for order in std::mem::take(&mut self.orders) {
            let path = format!("/api/v1/orders/{}", order.id);
            let json = poll_until(client, &path, |json| json["status"] != "pending").await?;
            self.check_settled(&order, &json).map_err(|violation| violation.context(&json))?;
            self.counters.facts_verified += 1;
            self.settled.push(SettledOrder::new(order, &json)?);
        }
        Ok(())
    }

    /// Places orders one after the other that count as settled at once. Returns the units sold.
    pub(crate) async fn seed_orders(
        &mut self,
        client: &EdgeClient,
        catalogue: &Catalogue,
        orders: u64,
    ) -> CheckResult<Lines> {
        let mut sold = Lines::new();
        for (_, sku) in (0..orders).zip(catalogue.plentiful.iter().cycle()) {
            let lines = Lines::from([(sku.clone(), 1)]);
            let email = format!("{}@example.com", self.unique_name("seed"));
            let invocation = self.invoke(Operation::PlaceOrder { lines, email, token: "success" });
            self.in_doubt = Some(invocation);
            self.resolve_in_doubt(client).await?;
            let response = self.acknowledged.pop().map(|it| it.bytes).unwrap_or_default();
            let json: Value = serde_json::from_slice(&response).unwrap_or_default();
            if let Some(order) = self.orders.pop() {
                let settled = SettledOrder::new(order, &json)?;
                add_lines(&mut sold, &settled.units_sold);
                self.settled.push(settled);
            }
        }
        Ok(sold)
    }

    /// Reads back every settled order.
    pub(crate) async fn read_back_all_settled(&mut self, client: &EdgeClient) -> CheckResult {
        for settled in &self.settled {
            settled.check_unchanged(&fetch_order(client, &settled.id).await?)?;
            self.counters.facts_verified += 1;
        }
        Ok(())
    }

    fn check_settled(&self, order: &ExpectedOrder, json: &Value) -> CheckResult {
        check_balanced(json)?;
        let refunds = json["refunds"].as_array().map_or(0, Vec::len);
        let is_once = order.refunds.iter().all(|reason| count_refunds(json, reason) == 1);
        ensure(is_once && refunds == order.refunds.len(), || format!("expected: {order:?}"))?;
        let is_cancelled = json["status"] == "cancelled";
        let must_be_cancelled =
            order.is_cancel_requested || order.action_outcome == Some("decline");
        let is_expected = is_cancelled == must_be_cancelled
            || (is_cancelled && self.was_rejected_asynchronously(order, json));
        ensure(is_expected, || format!("expected: {order:?}"))?;
        ensure(
            self.in_doubt.as_ref().is_none_or(|it| !it.concerns(&order.id)),
            || "a request about it is still in doubt",
        )
    }

    /// Whether the order was rejected after it had been shown as pending, because the rejection could not be stored at
    /// first. An order that was once shown as confirmed is never rejected.
    fn was_rejected_asynchronously(&self, order: &ExpectedOrder, json: &Value) -> bool {
        let is_possible = self.storage_fault != StorageFault::None && !order.was_confirmed;
        is_possible
            && match json["cancel_reason"].as_str() {
                // The latter where a service was away for so long that the checkout was given up.
                Some("out_of_stock" | "unavailable") => true,
                Some("payment_declined") => {
                    self.storage_fault == StorageFault::ClocksJump
                        || DECLINED_TOKENS.contains(&order.token)
                }
                _ => false,
            }
    }
}
