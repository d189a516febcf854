//! What people were told: what the shop has to stand by, whatever broke meanwhile.

mod cart;

pub(crate) use cart::{Cart, Change, Lines};

use std::collections::BTreeMap;

/// Everything people were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) attempts: Vec<Attempt>,
    /// The order that came of an act.
    pub(crate) orders: BTreeMap<usize, String>,
    pub(crate) carts: Vec<Cart>,
    pub(crate) refunds: Vec<Promise>,
    pub(crate) moves: Vec<Promise>,
    /// Orders whose shopper or operator was told that they are cancelled.
    pub(crate) cancelled: Vec<String>,
    /// Orders of which somebody was told that they have left.
    pub(crate) fulfilled: Vec<String>,
    /// Prices that an operator was told are set.
    pub(crate) prices: Vec<(String, i64)>,
    /// Orders that somebody was told are confirmed.
    pub(crate) confirmed: Vec<String>,
}

/// Somebody tried to place an order, under one key.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The address in it; no other attempt has it.
    pub(crate) email: String,
    pub(crate) outcome: Placing,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    Placed { order: String, total: i64 },
    Refused,
    Unknown,
}

/// Something an operator asked for once, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    /// The order or SKU.
    pub(crate) about: String,
    /// Words that nobody else used.
    pub(crate) reason: String,
    pub(crate) units: i64,
    pub(crate) outcome: Outcome,
}

/// Whether something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It is to be done; a cancellation may be faster and do more.
    Promised,
    Refused,
    Unknown,
}
