//! Carts of the reference model.

use super::payload::decode;
use crate::violation::Violations;
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All carts, by id.
#[derive(Debug, Default)]
pub(crate) struct CartsModel {
    pub(crate) all: BTreeMap<String, Cart>,
}

/// Cart, as its events describe it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cart {
    pub(crate) lines: BTreeMap<String, i64>,
    /// Order of the checkout that freezes the cart.
    pub(crate) frozen_for: Option<String>,
    pub(crate) ordered_as: Option<String>,
}

#[derive(Deserialize)]
struct CartPayload {
    #[serde(default)]
    lines: Vec<CartLinePayload>,
    #[serde(default)]
    sku: String,
    #[serde(default)]
    quantity: i64,
    #[serde(default)]
    order_id: Option<String>,
}

#[derive(Deserialize)]
struct CartLinePayload {
    sku: String,
    quantity: i64,
}

const FROZEN: &str = "a frozen cart does not change";

impl CartsModel {
    pub(super) fn apply(&mut self, event: &RecordedEvent, violations: &mut Violations) {
        let Some(id) = event.stream.strip_prefix("cart-") else { return };
        let Some(payload) = decode::<CartPayload>(event, violations) else { return };
        let cart = self.all.entry(id.to_owned()).or_default();
        let is_closed = cart.frozen_for.is_some() || cart.ordered_as.is_some();
        match event.name.as_str() {
            "created" => {
                cart.lines = payload.lines.into_iter().map(|it| (it.sku, it.quantity)).collect();
            }
            "line_added" | "line_changed" | "line_removed" => {
                violations.check(!is_closed, FROZEN, || format!("cart {id}: {}", event.name));
                let units = cart.lines.entry(payload.sku.clone()).or_default();
                match event.name.as_str() {
                    "line_added" => *units += payload.quantity,
                    "line_changed" => *units = payload.quantity,
                    _ => *units = 0,
                }
                if *units == 0 {
                    cart.lines.remove(&payload.sku);
                }
            }
            "checkout_begun" => {
                violations.check(!is_closed, FROZEN, || format!("cart {id} is frozen twice"));
                cart.frozen_for = payload.order_id;
            }
            // A checkout that does not freeze the cart only states that it never will.
            "checkout_abandoned" if cart.frozen_for == payload.order_id => cart.frozen_for = None,
            "ordered" => {
                violations.check(
                    cart.ordered_as.is_none(),
                    "a cart becomes at most one order",
                    || format!("cart {id} becomes a second order"),
                );
                cart.frozen_for = None;
                cart.ordered_as = payload.order_id;
            }
            _ => {}
        }
    }
}
