//! Orders.

use super::{Findings, facts};
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// All orders.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) all: BTreeMap<String, Order>,
    numbers: BTreeSet<u64>,
}

/// An order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) email: String,
    pub(crate) cart: Option<String>,
    pub(crate) hold: String,
    pub(crate) payment: String,
    pub(crate) total: i64,
    pub(crate) lines: Vec<(String, i64, i64)>,
    pub(crate) status: Status,
    pub(crate) captured: i64,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) was_confirmed: bool,
    pub(crate) is_fulfilled: bool,
    /// Its goods are about to leave.
    is_leaving: bool,
}

/// Money promised or given back.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) units: i64,
    pub(crate) restock: bool,
    pub(crate) is_done: bool,
    pub(crate) is_dropped: bool,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    #[default]
    Pending,
    Confirmed,
    Completed,
    Cancelled,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What happened, as far as goods and money are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Placed,
    Confirmed,
    Fulfilled,
    Cancelled,
    Other,
}

impl Order {
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.values().filter(|refund| refund.is_done).map(|refund| refund.amount).sum()
    }
}

#[derive(Deserialize)]
struct Placed {
    number: u64,
    lines: Vec<Line>,
    shipping: Priced,
    totals: Totals,
    email: String,
    cart_id: Option<String>,
    hold_id: String,
    payment_id: String,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: i64,
    unit_price: Amount,
    total: Amount,
}

#[derive(Deserialize)]
struct Priced {
    price: Amount,
}

#[derive(Deserialize)]
struct Totals {
    items: Amount,
    discount: Amount,
    shipping: Amount,
    total: Amount,
}

#[derive(Clone, Copy, Deserialize)]
struct Amount {
    amount: i64,
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    captured: Option<Amount>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    refund: Option<RefundFacts>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct RefundFacts {
    id: String,
    amount: Amount,
    units: Vec<UnitsFacts>,
    restock: bool,
    reason: String,
}

#[derive(Deserialize)]
struct UnitsFacts {
    from: i64,
    until: i64,
}

const LIFE: &str = "an order's life has one way";

impl Orders {
    pub(super) fn take_in(
        &mut self,
        event: &RecordedEvent,
        found: &mut Findings,
    ) -> Option<(String, Change)> {
        let id = event.stream.strip_prefix("order-")?.to_owned();
        if event.name == "placed" {
            let placed = facts::<Placed>(event, found)?;
            self.place(&id, placed, found);
            return Some((id, Change::Placed));
        }
        let facts = facts::<Facts>(event, found)?;
        let Some(order) = self.all.get_mut(&id) else {
            found.add(LIFE, format!("order {id} was never placed and is {}", event.name));
            return None;
        };
        Some((id.clone(), order.take_in(&id, &event.name, facts, found)))
    }

    fn place(&mut self, id: &str, placed: Placed, found: &mut Findings) {
        let Placed { number, lines, shipping, totals, email, cart_id, hold_id, payment_id } =
            placed;
        let items: i64 = lines.iter().map(|line| line.total.amount).sum();
        let total = items - totals.discount.amount + shipping.price.amount;
        let lines_add_up =
            lines.iter().all(|line| line.unit_price.amount * line.quantity == line.total.amount);
        let holds = lines_add_up
            && items == totals.items.amount
            && shipping.price.amount == totals.shipping.amount
            && total == totals.total.amount;
        found.check(holds, "line sums equal totals", || format!("order {id}"));
        found.check(self.numbers.insert(number), "numbers are given once", || {
            format!("order {id} is another {number}")
        });
        let lines = lines.into_iter().map(|it| (it.sku, it.quantity, it.unit_price.amount));
        let order = Order {
            number,
            email,
            cart: cart_id,
            hold: hold_id,
            payment: payment_id,
            total: totals.total.amount,
            lines: lines.collect(),
            ..Order::default()
        };
        found.check(self.all.insert(id.to_owned(), order).is_none(), LIFE, || {
            format!("order {id} is placed again")
        });
    }
}

impl Order {
    fn take_in(&mut self, id: &str, name: &str, facts: Facts, found: &mut Findings) -> Change {
        let before = self.status;
        let mut becomes = |from: &[Status], to: Status| {
            found.check(from.contains(&before), LIFE, || format!("order {id}: {before:?}, {name}"));
            to
        };
        match name {
            "confirmed" => {
                self.status = becomes(&[Status::Pending], Status::Confirmed);
                self.captured = facts.captured.map_or(0, |captured| captured.amount);
                self.was_confirmed = true;
                return Change::Confirmed;
            }
            "cancelled" => {
                self.status = becomes(&[Status::Pending, Status::Confirmed], Status::Cancelled);
                self.cancel_reason = facts.reason;
                found.check(!self.is_fulfilled && !self.is_leaving, LIFE, || {
                    format!("order {id} left and is cancelled")
                });
                return Change::Cancelled;
            }
            "fulfilment_requested" => {
                self.status = becomes(&[Status::Confirmed], Status::Confirmed);
                self.is_leaving = true;
            }
            "captured" => {
                self.status = becomes(&[Status::Confirmed], Status::Confirmed);
                found.check(self.is_leaving && self.captured == 0, "money is taken once", || {
                    format!("order {id} is captured, and was {}", self.captured)
                });
                self.captured = facts.captured.map_or(0, |captured| captured.amount);
            }
            "fulfilment_dropped" => self.is_leaving = false,
            "fulfilled" => {
                self.status = becomes(&[Status::Confirmed], Status::Confirmed);
                self.is_fulfilled = true;
                self.is_leaving = false;
                return Change::Fulfilled;
            }
            "completed" => self.status = becomes(&[Status::Confirmed], Status::Completed),
            "refund_reserved" => self.reserve(id, facts, found),
            "refunded" | "refund_dropped" => self.settle(id, name, facts, found),
            _ => {}
        }
        Change::Other
    }

    fn reserve(&mut self, id: &str, facts: Facts, found: &mut Findings) {
        let Some(refund) = facts.refund else { return };
        let units = refund.units.iter().map(|it| it.until - it.from).sum();
        let given = Refund {
            amount: refund.amount.amount,
            reason: refund.reason,
            units,
            restock: refund.restock,
            is_done: false,
            is_dropped: false,
        };
        found.check(!self.refunds.contains_key(&refund.id), "money is given back once", || {
            format!("order {id}: refund {} is promised again", refund.id)
        });
        self.refunds.insert(refund.id, given);
        let promised: i64 =
            self.refunds.values().filter(|it| !it.is_dropped).map(|it| it.amount).sum();
        found.check(promised <= self.captured, "no more is given back than was taken", || {
            format!("order {id}: {promised} of {} are promised", self.captured)
        });
    }

    fn settle(&mut self, id: &str, name: &str, facts: Facts, found: &mut Findings) {
        let refund = facts.id.unwrap_or_default();
        let known = self.refunds.get_mut(&refund).filter(|it| !it.is_done && !it.is_dropped);
        found.check(known.is_some(), LIFE, || format!("order {id}: {name} of {refund}"));
        if let Some(given) = known {
            given.is_done = name == "refunded";
            given.is_dropped = name == "refund_dropped";
        }
    }
}
