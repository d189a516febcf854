//! Observations of clients: what the shop acknowledged and has to stand by, whatever failed meanwhile.

mod cart;

pub(crate) use cart::{CartChange, CartLines, ObservedCart};

use std::collections::BTreeMap;

/// All observations of a run.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) attempts: Vec<OrderAttempt>,
    /// Order that an operation placed, by the operation's id.
    pub(crate) orders: BTreeMap<usize, String>,
    pub(crate) carts: Vec<ObservedCart>,
    /// Refunds that operators requested.
    pub(crate) refunds: Vec<OperatorCommand>,
    /// Stock movements that operators requested.
    pub(crate) stock_movements: Vec<OperatorCommand>,
    /// Orders whose cancellation was acknowledged.
    pub(crate) cancelled: Vec<String>,
    /// Orders whose fulfilment was acknowledged.
    pub(crate) fulfilled: Vec<String>,
    /// Prices whose change was acknowledged, by SKU, in cents.
    pub(crate) prices: Vec<(String, i64)>,
    /// Orders that a response showed as confirmed.
    pub(crate) confirmed: Vec<String>,
    /// Erasures of customers that were asked for.
    pub(crate) erasures: Vec<Erasure>,
}

impl Observations {
    /// Whether the erasure of a customer was asked for, so that an order may show it or not.
    pub(crate) fn may_be_erased(&self, email: &str) -> bool {
        self.erasures.iter().any(|erasure| erasure.email == email)
    }
}

/// Erasure of a customer that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Erasure {
    pub(crate) email: String,
    /// Numbers of the orders that still need the contact details, as the shop said; none before it did.
    pub(crate) acknowledged: Option<Vec<String>>,
}

/// Attempt to place an order under one idempotency key, with all its retries.
#[derive(Clone, Debug)]
pub(crate) struct OrderAttempt {
    /// E-mail address of the order, which identifies the attempt.
    pub(crate) email: String,
    pub(crate) outcome: OrderOutcome,
}

/// Outcome of an attempt, as the client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderOutcome {
    Placed {
        order: String,
        total: i64,
    },
    Rejected,
    /// No response came.
    Indeterminate,
}

/// Command of an operator, and its outcome.
#[derive(Clone, Debug)]
pub(crate) struct OperatorCommand {
    /// Order or SKU that the command is about.
    pub(crate) target: String,
    /// Reason in the request, which identifies the command.
    pub(crate) reason: String,
    pub(crate) units: i64,
    pub(crate) outcome: CommandOutcome,
}

/// Outcome of a command, as the client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    Done,
    /// Accepted, and not done yet. A cancellation of the whole order may overtake it.
    Accepted,
    Rejected,
    /// No response came.
    Indeterminate,
}
