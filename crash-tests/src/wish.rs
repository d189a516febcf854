//! What a customer or an operator may ask for, as requests, and what it does to a cart.

use crate::client::{Edge, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Units by SKU.
pub(crate) type Lines = BTreeMap<String, i64>;

/// Something asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    NewCart { lines: Lines },
    AddLine { cart: String, sku: String, quantity: i64 },
    ChangeLine { cart: String, sku: String, quantity: i64 },
    RemoveLine { cart: String, sku: String },
    Checkout { cart: String, lines: Lines, email: String, token: &'static str },
    OrderAtOnce { lines: Lines, email: String, token: &'static str },
    Refund { order: String, reason: String, what: Refunded },
    Cancel { order: String, reason: String },
    Act { order: String, payment: String, outcome: &'static str },
    Receive { sku: String, quantity: i64, reason: String },
}

/// What is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refunded {
    Sum(i64),
    Unit(String),
}

impl Wish {
    /// The request that asks for it, under this key.
    pub(crate) fn request(&self, key: String) -> Request {
        let (edge, method, path, body) = self.parts();
        Request { edge, method, path, key, body }
    }

    fn parts(&self) -> (Edge, &'static str, String, Value) {
        use Edge::{Operator, Shop};
        match self {
            Self::NewCart { lines } => {
                (Shop, "POST", "/api/v1/carts".to_owned(), json!({"lines": listed(lines)}))
            }
            Self::AddLine { cart, sku, quantity } => {
                let body = json!({"sku": sku, "quantity": quantity});
                (Shop, "POST", format!("/api/v1/carts/{cart}/lines"), body)
            }
            Self::ChangeLine { cart, sku, quantity } => {
                let path = format!("/api/v1/carts/{cart}/lines/{sku}");
                (Shop, "PATCH", path, json!({"quantity": quantity}))
            }
            Self::RemoveLine { cart, sku } => {
                (Shop, "DELETE", format!("/api/v1/carts/{cart}/lines/{sku}"), json!({}))
            }
            Self::Checkout { cart, email, token, .. } => {
                let path = format!("/api/v1/carts/{cart}/checkout");
                (Shop, "POST", path, purchase(email, token))
            }
            Self::OrderAtOnce { lines, email, token } => {
                let mut body = purchase(email, token);
                body["lines"] = listed(lines);
                (Operator, "POST", "/api/v1/orders".to_owned(), body)
            }
            Self::Refund { order, reason, what } => {
                let body = match what {
                    Refunded::Sum(amount) => json!({
                        "amount": {"amount": amount, "currency": "EUR"}, "reason": reason,
                    }),
                    Refunded::Unit(sku) => json!({
                        "lines": [{"sku": sku, "quantity": 1}], "restock": true, "reason": reason,
                    }),
                };
                (Operator, "POST", format!("/api/v1/orders/{order}/refunds"), body)
            }
            Self::Cancel { order, reason } => (
                Operator,
                "POST",
                format!("/api/v1/orders/{order}/cancel"),
                json!({"reason": reason}),
            ),
            Self::Act { payment, outcome, .. } => (
                Shop,
                "POST",
                format!("/api/v1/payments/{payment}/action"),
                json!({"outcome": outcome}),
            ),
            Self::Receive { sku, quantity, reason } => {
                let body = json!({"kind": "received", "quantity": quantity, "reason": reason});
                (Operator, "POST", format!("/api/v1/stock/{sku}/movements"), body)
            }
        }
    }

    /// The cart it changes.
    pub(crate) fn cart(&self) -> Option<&str> {
        match self {
            Self::AddLine { cart, .. }
            | Self::ChangeLine { cart, .. }
            | Self::RemoveLine { cart, .. }
            | Self::Checkout { cart, .. } => Some(cart),
            _ => None,
        }
    }

    /// What a cart with `lines` has in it afterwards.
    pub(crate) fn applied_to(&self, lines: &Lines) -> Lines {
        let mut after = lines.clone();
        match self {
            Self::AddLine { sku, quantity, .. } => {
                *after.entry(sku.clone()).or_default() += quantity;
            }
            Self::ChangeLine { sku, quantity, .. } => {
                after.insert(sku.clone(), *quantity);
            }
            Self::RemoveLine { sku, .. } => {
                after.remove(sku);
            }
            _ => {}
        }
        after
    }

    /// The problem codes with which the shop may turn this down, for good.
    pub(crate) fn refusals(&self) -> &'static [&'static str] {
        match self {
            Self::Checkout { .. } | Self::OrderAtOnce { .. } => {
                // The last one where a refused checkout still holds the cart for want of a disk.
                &["out_of_stock", "payment_declined", "checking_out"]
            }
            // There may be no unit left to give back.
            Self::Refund { what: Refunded::Unit(_), .. } => {
                &["exceeds_refundable", "order_cancelled", "order_pending", "invalid_field"]
            }
            Self::Refund { .. } => &["exceeds_refundable", "order_cancelled", "order_pending"],
            Self::Cancel { .. } => &["order_pending"],
            _ => &[],
        }
    }
}

/// Lines as the API has them.
pub(crate) fn listed(lines: &Lines) -> Value {
    lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect()
}

/// What a body of the API has as its lines.
pub(crate) fn lines_of(body: &Value) -> Lines {
    let lines = body["lines"].as_array().into_iter().flatten();
    let line = |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_i64()?));
    lines.filter_map(line).collect()
}

fn purchase(email: &str, token: &str) -> Value {
    json!({
        "email": email,
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel",
            "postal_code": "24103", "country": "DE",
        },
        "payment": {"method": "test", "token": token},
    })
}
