//! Carts.

use super::{Findings, facts};
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All carts.
#[derive(Debug, Default)]
pub(crate) struct Carts {
    pub(crate) all: BTreeMap<String, Cart>,
}

/// A cart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cart {
    pub(crate) lines: BTreeMap<String, i64>,
    pub(crate) frozen_for: Option<String>,
    pub(crate) ordered_as: Option<String>,
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    sku: String,
    #[serde(default)]
    quantity: i64,
    #[serde(default)]
    order_id: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: i64,
}

const LIFE: &str = "a frozen cart does not change";

impl Carts {
    pub(super) fn take_in(&mut self, event: &RecordedEvent, found: &mut Findings) {
        let Some(id) = event.stream.strip_prefix("cart-") else { return };
        let Some(facts) = facts::<Facts>(event, found) else { return };
        let cart = self.all.entry(id.to_owned()).or_default();
        let is_closed = cart.frozen_for.is_some() || cart.ordered_as.is_some();
        match event.name.as_str() {
            "created" => {
                cart.lines = facts.lines.into_iter().map(|it| (it.sku, it.quantity)).collect();
            }
            "line_added" | "line_changed" | "line_removed" => {
                found.check(!is_closed, LIFE, || format!("cart {id}: {}", event.name));
                let units = cart.lines.entry(facts.sku.clone()).or_default();
                match event.name.as_str() {
                    "line_added" => *units += facts.quantity,
                    "line_changed" => *units = facts.quantity,
                    _ => *units = 0,
                }
                if *units == 0 {
                    cart.lines.remove(&facts.sku);
                }
            }
            "checkout_begun" => {
                found.check(!is_closed, LIFE, || format!("cart {id} is frozen twice"));
                cart.frozen_for = facts.order_id;
            }
            // One that does not have the cart says only that it will never want it.
            "checkout_abandoned" if cart.frozen_for == facts.order_id => cart.frozen_for = None,
            "ordered" => {
                found.check(cart.ordered_as.is_none(), "a cart becomes one order", || {
                    format!("cart {id} becomes another order")
                });
                cart.frozen_for = None;
                cart.ordered_as = facts.order_id;
            }
            _ => {}
        }
    }
}
