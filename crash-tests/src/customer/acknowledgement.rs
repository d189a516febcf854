//! Acknowledged facts: what a success response adds to the customer's model.

use super::{
    Customer,
    model::{ExpectedCart, ExpectedOrder, StockReceipt},
};
use crate::{
    client::Response,
    operation::{Lines, Operation, lines_from_json},
    order_document::{amount_of, count_refunds, has_history_event, text_field},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation, ensure},
};
use serde_json::Value;

impl Customer {
    pub(super) fn record_success(
        &mut self,
        operation: &Operation,
        response: &Response,
    ) -> CheckResult {
        let json = &response.json;
        match operation {
            Operation::CreateCart { lines } => {
                ensure(lines_from_json(json) == *lines, || format!("a different cart: {json}"))?;
                self.cart =
                    Some(ExpectedCart { id: text_field(json, "id")?, lines: lines.clone() });
            }
            Operation::AddLine { .. }
            | Operation::UpdateLine { .. }
            | Operation::RemoveLine { .. } => {
                let Some(cart) = &mut self.cart else { return Err(Violation::new("no cart")) };
                cart.lines = operation.apply_to(&cart.lines);
                let lines = &cart.lines;
                ensure(lines_from_json(json) == *lines, || {
                    format!("{lines:?} expected, not {json}")
                })?;
            }
            Operation::Checkout { lines, email, token, .. } => {
                self.record_order(lines, email, token, json)?;
                self.cart = None;
            }
            Operation::PlaceOrder { lines, email, token } => {
                self.record_order(lines, email, token, json)?;
            }
            Operation::Refund { order, reason, .. } => {
                let (count, reason) = (count_refunds(json, reason), reason.clone());
                ensure(count == 1, || format!("refunded {count} times: {json}"))?;
                self.expected_order(order)?.refunds.push(reason);
            }
            Operation::CancelOrder { order, .. } => self.record_cancellation(order, json)?,
            Operation::ResolvePaymentAction { order, outcome, .. } => {
                let order = self.expected_order(order)?;
                order.payment_action = None;
                order.action_outcome = Some(outcome);
            }
            Operation::ReceiveStock { sku, quantity, reason } => {
                let is_same = json["quantity"] == *quantity && json["reason"] == **reason;
                ensure(is_same, || format!("a different movement was recorded: {json}"))?;
                let (sku, reason) = (sku.clone(), reason.clone());
                self.receipts.push(StockReceipt { sku, quantity: *quantity, reason });
            }
        }
        Ok(())
    }

    fn record_order(
        &mut self,
        lines: &Lines,
        email: &str,
        token: &'static str,
        json: &Value,
    ) -> CheckResult {
        let is_same = lines_from_json(json) == *lines && json["email"] == email;
        ensure(is_same, || format!("a different order was placed: {json}"))?;
        let status = &json["status"];
        ensure(status == "confirmed" || status == "pending", || format!("placed as {json}"))?;
        let has_action = json["payment"]["action_url"].is_string();
        let payment_action =
            if has_action { Some(text_field(&json["payment"], "id")?) } else { None };
        self.orders.push(ExpectedOrder {
            id: text_field(json, "id")?,
            number: text_field(json, "number")?,
            email: email.to_owned(),
            lines: lines.clone(),
            total: amount_of(&json["totals"]["total"])?,
            token,
            payment_action,
            action_outcome: None,
            was_confirmed: status == "confirmed",
            is_cancelled: false,
            is_cancel_requested: false,
            refunds: Vec::new(),
        });
        Ok(())
    }

    fn record_cancellation(&mut self, order: &str, json: &Value) -> CheckResult {
        let is_cancelled = json["status"] == "cancelled";
        let is_accepted =
            self.storage_fault != StorageFault::None && has_history_event(json, "cancel_requested");
        ensure(is_cancelled || is_accepted, || format!("not cancelled: {json}"))?;
        let order = self.expected_order(order)?;
        order.is_cancelled |= is_cancelled;
        order.is_cancel_requested = true;
        // The payment no longer waits for the shopper.
        order.payment_action = None;
        Ok(())
    }

    fn expected_order(&mut self, id: &str) -> CheckResult<&mut ExpectedOrder> {
        let order = self.orders.iter_mut().find(|order| order.id == id);
        order.ok_or_else(|| Violation::new(format!("order {id} is not in the model")))
    }
}
