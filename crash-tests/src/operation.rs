//! Operations of the public API that the workload executes: their requests, and their effect on the model.

use crate::client::{Edge, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Units by SKU.
pub(crate) type Lines = BTreeMap<String, i64>;

/// An operation of a shopper or an operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    CreateCart { lines: Lines },
    AddLine { cart: String, sku: String, quantity: i64 },
    UpdateLine { cart: String, sku: String, quantity: i64 },
    RemoveLine { cart: String, sku: String },
    Checkout { cart: String, lines: Lines, email: String, token: &'static str },
    PlaceOrder { lines: Lines, email: String, token: &'static str },
    Refund { order: String, reason: String, target: RefundTarget },
    CancelOrder { order: String, reason: String },
    ResolvePaymentAction { order: String, payment: String, outcome: &'static str },
    ReceiveStock { sku: String, quantity: i64, reason: String },
}

/// Target of a refund: an amount in minor units, or one unit of a SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundTarget {
    Amount(i64),
    Unit(String),
}

impl Operation {
    /// The request for this operation, under an idempotency key.
    pub(crate) fn to_request(&self, key: String) -> Request {
        let (edge, method, path, body) = self.request_parts();
        Request { edge, method, path, key, body }
    }

    fn request_parts(&self) -> (Edge, &'static str, String, Value) {
        use Edge::{Operator, Shop};
        match self {
            Self::CreateCart { lines } => {
                (Shop, "POST", "/api/v1/carts".to_owned(), json!({"lines": lines_to_json(lines)}))
            }
            Self::AddLine { cart, sku, quantity } => {
                let body = json!({"sku": sku, "quantity": quantity});
                (Shop, "POST", format!("/api/v1/carts/{cart}/lines"), body)
            }
            Self::UpdateLine { cart, sku, quantity } => {
                let path = format!("/api/v1/carts/{cart}/lines/{sku}");
                (Shop, "PATCH", path, json!({"quantity": quantity}))
            }
            Self::RemoveLine { cart, sku } => {
                (Shop, "DELETE", format!("/api/v1/carts/{cart}/lines/{sku}"), json!({}))
            }
            Self::Checkout { cart, email, token, .. } => {
                let path = format!("/api/v1/carts/{cart}/checkout");
                (Shop, "POST", path, checkout_body(email, token))
            }
            Self::PlaceOrder { lines, email, token } => {
                let mut body = checkout_body(email, token);
                body["lines"] = lines_to_json(lines);
                (Operator, "POST", "/api/v1/orders".to_owned(), body)
            }
            Self::Refund { order, reason, target } => {
                let body = match target {
                    RefundTarget::Amount(amount) => json!({
                        "amount": {"amount": amount, "currency": "EUR"}, "reason": reason,
                    }),
                    RefundTarget::Unit(sku) => json!({
                        "lines": [{"sku": sku, "quantity": 1}], "restock": true, "reason": reason,
                    }),
                };
                (Operator, "POST", format!("/api/v1/orders/{order}/refunds"), body)
            }
            Self::CancelOrder { order, reason } => (
                Operator,
                "POST",
                format!("/api/v1/orders/{order}/cancel"),
                json!({"reason": reason}),
            ),
            Self::ResolvePaymentAction { payment, outcome, .. } => (
                Shop,
                "POST",
                format!("/api/v1/payments/{payment}/action"),
                json!({"outcome": outcome}),
            ),
            Self::ReceiveStock { sku, quantity, reason } => {
                let body = json!({"kind": "received", "quantity": quantity, "reason": reason});
                (Operator, "POST", format!("/api/v1/stock/{sku}/movements"), body)
            }
        }
    }

    /// Whether a success makes an order.
    pub(crate) fn is_order(&self) -> bool {
        matches!(self, Self::Checkout { .. } | Self::PlaceOrder { .. })
    }

    /// The cart that the operation changes.
    pub(crate) fn cart(&self) -> Option<&str> {
        match self {
            Self::AddLine { cart, .. }
            | Self::UpdateLine { cart, .. }
            | Self::RemoveLine { cart, .. }
            | Self::Checkout { cart, .. } => Some(cart),
            _ => None,
        }
    }

    /// The lines of a cart after the operation.
    pub(crate) fn apply_to(&self, lines: &Lines) -> Lines {
        let mut after = lines.clone();
        match self {
            Self::AddLine { sku, quantity, .. } => {
                *after.entry(sku.clone()).or_default() += quantity;
            }
            Self::UpdateLine { sku, quantity, .. } => {
                after.insert(sku.clone(), *quantity);
            }
            Self::RemoveLine { sku, .. } => {
                after.remove(sku);
            }
            _ => {}
        }
        after
    }

    /// Problem codes of final rejections that the operation may meet.
    pub(crate) fn expected_rejections(&self) -> &'static [&'static str] {
        match self {
            Self::Checkout { .. } | Self::PlaceOrder { .. } => {
                // `checking_out` where a rejected checkout could not reopen the cart, because of a storage fault; `unavailable`
                // where a service was away for so long that the checkout was given up.
                &["out_of_stock", "payment_declined", "checking_out", "unavailable"]
            }
            // There may be no unit left to refund.
            Self::Refund { target: RefundTarget::Unit(_), .. } => {
                &["exceeds_refundable", "order_cancelled", "order_pending", "invalid_field"]
            }
            Self::Refund { .. } => &["exceeds_refundable", "order_cancelled", "order_pending"],
            Self::CancelOrder { .. } => &["order_pending"],
            // An earlier attempt, whose response was lost, removed the line.
            Self::RemoveLine { .. } => &["not_found"],
            _ => &[],
        }
    }
}

/// Adds units to units.
pub(crate) fn add_lines(sum: &mut Lines, lines: &Lines) {
    for (sku, quantity) in lines {
        *sum.entry(sku.clone()).or_default() += quantity;
    }
}

/// Lines as a request body has them.
pub(crate) fn lines_to_json(lines: &Lines) -> Value {
    lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect()
}

/// The lines of a response body.
pub(crate) fn lines_from_json(body: &Value) -> Lines {
    let lines = body["lines"].as_array().into_iter().flatten();
    let line = |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_i64()?));
    lines.filter_map(line).collect()
}

fn checkout_body(email: &str, token: &str) -> Value {
    json!({
        "email": email,
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel",
            "postal_code": "24103", "country": "DE",
        },
        "payment": {"method": "test", "token": token},
    })
}
