//! Model of a customer's carts, orders and receipts: the facts that the shop has acknowledged and must still know.

use crate::{
    client::Request,
    operation::{Lines, Operation},
    order_document::{amount_of, net_units_sold},
    violation::{CheckResult, ensure},
};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeSet;

/// Expected state of a cart.
#[derive(Clone, Debug)]
pub(super) struct ExpectedCart {
    pub(super) id: String,
    pub(super) lines: Lines,
}

/// Expected state of an order that is not settled yet.
#[derive(Clone, Debug)]
pub(super) struct ExpectedOrder {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) email: String,
    pub(super) lines: Lines,
    pub(super) total: i64,
    /// Token of the test payment method.
    pub(super) token: &'static str,
    /// Payment that waits for the shopper to approve or decline it.
    pub(super) payment_action: Option<String>,
    /// The shopper's decision about that payment.
    pub(super) action_outcome: Option<&'static str>,
    pub(super) was_confirmed: bool,
    pub(super) is_cancelled: bool,
    /// Whether a cancellation was accepted; on a full disk it takes effect once there is space.
    pub(super) is_cancel_requested: bool,
    /// Reasons of its refunds, each unique.
    pub(super) refunds: Vec<String>,
}

/// Units received into stock.
#[derive(Clone, Debug)]
pub(crate) struct StockReceipt {
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) reason: String,
}

/// What the followers of the services' feeds must have taken in.
#[derive(Debug, Default)]
pub(crate) struct Unfollowed {
    /// Numbers of all orders, and of those that are cancelled.
    pub(crate) orders: BTreeSet<String>,
    pub(crate) cancelled: BTreeSet<String>,
    /// Reasons of receipts, each unique.
    pub(crate) receipts: BTreeSet<String>,
}

/// A request for an operation, whose outcome is in doubt until a final response comes.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) operation: Operation,
    pub(super) request: Request,
}

/// A request with its final response, which a replay must repeat.
#[derive(Clone, Debug)]
pub(super) struct AcknowledgedRequest {
    pub(super) request: Request,
    pub(super) status: u16,
    pub(super) bytes: Bytes,
}

/// An order in a terminal status, which must not change any more.
#[derive(Clone, Debug)]
pub(crate) struct SettledOrder {
    pub(crate) id: String,
    pub(crate) number: String,
    version: u64,
    pub(crate) status: String,
    refunded: i64,
    /// Units sold, less the units restocked.
    pub(crate) units_sold: Lines,
}

impl SettledOrder {
    pub(super) fn new(order: ExpectedOrder, json: &Value) -> CheckResult<Self> {
        Ok(Self {
            id: order.id,
            number: order.number,
            version: json["version"].as_u64().unwrap_or_default(),
            status: json["status"].as_str().unwrap_or_default().to_owned(),
            refunded: amount_of(&json["payment"]["refunded"])?,
            units_sold: net_units_sold(json),
        })
    }

    pub(super) fn check_unchanged(&self, json: &Value) -> CheckResult {
        let is_same = json["version"] == self.version
            && json["number"] == *self.number
            && json["status"] == *self.status
            && amount_of(&json["payment"]["refunded"])? == self.refunded;
        ensure(is_same, || format!("{self:?} has changed into {json}"))
    }
}
