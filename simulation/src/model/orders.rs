//! Orders of the reference model.

use super::payload::{Amount, decode};
use crate::violation::Violations;
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// All orders, by id.
#[derive(Debug, Default)]
pub(crate) struct OrdersModel {
    pub(crate) all: BTreeMap<String, Order>,
    numbers: BTreeSet<u64>,
}

/// Order, with amounts in minor units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) email: String,
    pub(crate) cart: Option<String>,
    pub(crate) hold: String,
    pub(crate) payment: String,
    pub(crate) total: i64,
    /// SKU, quantity and unit price of each line.
    pub(crate) lines: Vec<(String, i64, i64)>,
    pub(crate) status: OrderStatus,
    pub(crate) captured: i64,
    pub(crate) refunds: BTreeMap<String, Refund>,
    /// Only shown in violations.
    pub(crate) cancel_reason: Option<String>,
    pub(crate) was_confirmed: bool,
    pub(crate) is_fulfilled: bool,
    /// Whether its fulfilment was requested and has not ended.
    is_fulfilling: bool,
}

/// Refund of an order, reserved or done.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) units: i64,
    pub(crate) restock: bool,
    pub(crate) is_done: bool,
    pub(crate) is_dropped: bool,
}

/// Status of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OrderStatus {
    #[default]
    Pending,
    Confirmed,
    Completed,
    Cancelled,
}

impl OrderStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Transition of an order, as far as stock and payments are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderTransition {
    Placed,
    Confirmed,
    Fulfilled,
    Cancelled,
    Other,
}

impl Order {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.status == OrderStatus::Cancelled
    }

    /// Sum of the refunds that are done.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.values().filter(|refund| refund.is_done).map(|refund| refund.amount).sum()
    }
}

#[derive(Deserialize)]
struct PlacedPayload {
    number: u64,
    lines: Vec<OrderLinePayload>,
    shipping: ShippingPayload,
    totals: TotalsPayload,
    email: String,
    cart_id: Option<String>,
    hold_id: String,
    payment_id: String,
}

#[derive(Deserialize)]
struct OrderLinePayload {
    sku: String,
    quantity: i64,
    unit_price: Amount,
    total: Amount,
}

#[derive(Deserialize)]
struct ShippingPayload {
    price: Amount,
}

#[derive(Deserialize)]
struct TotalsPayload {
    items: Amount,
    discount: Amount,
    shipping: Amount,
    total: Amount,
}

#[derive(Deserialize)]
struct OrderPayload {
    #[serde(default)]
    captured: Option<Amount>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    refund: Option<RefundPayload>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct RefundPayload {
    id: String,
    amount: Amount,
    units: Vec<UnitRangePayload>,
    restock: bool,
    reason: String,
}

#[derive(Deserialize)]
struct UnitRangePayload {
    from: i64,
    until: i64,
}

const TRANSITIONS: &str = "order transitions are valid";

impl OrdersModel {
    pub(super) fn apply(
        &mut self,
        event: &RecordedEvent,
        violations: &mut Violations,
    ) -> Option<(String, OrderTransition)> {
        let id = event.stream.strip_prefix("order-")?.to_owned();
        if event.name == "placed" {
            let placed = decode::<PlacedPayload>(event, violations)?;
            self.place(&id, placed, violations);
            return Some((id, OrderTransition::Placed));
        }
        let payload = decode::<OrderPayload>(event, violations)?;
        let Some(order) = self.all.get_mut(&id) else {
            violations
                .add(TRANSITIONS, format!("order {id} was never placed and is {}", event.name));
            return None;
        };
        Some((id.clone(), order.apply(&id, &event.name, payload, violations)))
    }

    fn place(&mut self, id: &str, placed: PlacedPayload, violations: &mut Violations) {
        let PlacedPayload { number, lines, shipping, totals, email, cart_id, hold_id, payment_id } =
            placed;
        let items: i64 = lines.iter().map(|line| line.total.amount).sum();
        let total = items - totals.discount.amount + shipping.price.amount;
        let lines_add_up =
            lines.iter().all(|line| line.unit_price.amount * line.quantity == line.total.amount);
        let holds = lines_add_up
            && items == totals.items.amount
            && shipping.price.amount == totals.shipping.amount
            && total == totals.total.amount;
        violations.check(holds, "line sums equal totals", || format!("order {id}"));
        violations.check(self.numbers.insert(number), "order numbers are unique", || {
            format!("order {id} is the second with number {number}")
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
        violations.check(self.all.insert(id.to_owned(), order).is_none(), TRANSITIONS, || {
            format!("order {id} was placed twice")
        });
    }
}

impl Order {
    fn apply(
        &mut self,
        id: &str,
        name: &str,
        payload: OrderPayload,
        violations: &mut Violations,
    ) -> OrderTransition {
        let before = self.status;
        let mut becomes = |from: &[OrderStatus], to: OrderStatus| {
            violations.check(from.contains(&before), TRANSITIONS, || {
                format!("order {id}: {before:?}, {name}")
            });
            to
        };
        match name {
            "confirmed" => {
                self.status = becomes(&[OrderStatus::Pending], OrderStatus::Confirmed);
                self.captured = payload.captured.map_or(0, |captured| captured.amount);
                self.was_confirmed = true;
                return OrderTransition::Confirmed;
            }
            "cancelled" => {
                self.status = becomes(
                    &[OrderStatus::Pending, OrderStatus::Confirmed],
                    OrderStatus::Cancelled,
                );
                self.cancel_reason = payload.reason;
                violations.check(!self.is_fulfilled && !self.is_fulfilling, TRANSITIONS, || {
                    format!("order {id} is cancelled after its fulfilment was requested")
                });
                return OrderTransition::Cancelled;
            }
            "fulfilment_requested" => {
                self.status = becomes(&[OrderStatus::Confirmed], OrderStatus::Confirmed);
                self.is_fulfilling = true;
            }
            "captured" => {
                self.status = becomes(&[OrderStatus::Confirmed], OrderStatus::Confirmed);
                violations.check(
                    self.is_fulfilling && self.captured == 0,
                    "a payment is captured once",
                    || format!("order {id} is captured, and was {}", self.captured),
                );
                self.captured = payload.captured.map_or(0, |captured| captured.amount);
            }
            "fulfilment_dropped" => self.is_fulfilling = false,
            "fulfilled" => {
                self.status = becomes(&[OrderStatus::Confirmed], OrderStatus::Confirmed);
                self.check_shipment(id, violations);
                self.is_fulfilled = true;
                self.is_fulfilling = false;
                return OrderTransition::Fulfilled;
            }
            "completed" => self.status = becomes(&[OrderStatus::Confirmed], OrderStatus::Completed),
            "refund_reserved" => self.reserve(id, payload, violations),
            "refunded" | "refund_dropped" => self.settle(id, name, payload, violations),
            _ => {}
        }
        OrderTransition::Other
    }

    /// What ships was not given back before.
    fn check_shipment(&self, id: &str, violations: &mut Violations) {
        let given_back = self.refunds.values().filter(|refund| !refund.is_dropped);
        let (units_back, money_back) =
            given_back.fold((0, 0), |(units, money), it| (units + it.units, money + it.amount));
        let units: i64 = self.lines.iter().map(|(_, units, _)| units).sum();
        let is_paid_back = self.captured > 0 && money_back == self.captured;
        violations.check(
            units_back < units && !is_paid_back,
            "nothing is shipped that was given back",
            || {
                format!(
                    "order {id}: {units_back} of {units} units, {money_back} of {}",
                    self.captured
                )
            },
        );
    }

    fn reserve(&mut self, id: &str, payload: OrderPayload, violations: &mut Violations) {
        let Some(refund) = payload.refund else { return };
        let units = refund.units.iter().map(|it| it.until - it.from).sum();
        let refund_state = Refund {
            amount: refund.amount.amount,
            reason: refund.reason,
            units,
            restock: refund.restock,
            is_done: false,
            is_dropped: false,
        };
        violations.check(!self.refunds.contains_key(&refund.id), "a refund is paid once", || {
            format!("order {id}: refund {} is reserved twice", refund.id)
        });
        self.refunds.insert(refund.id, refund_state);
        let reserved: i64 =
            self.refunds.values().filter(|it| !it.is_dropped).map(|it| it.amount).sum();
        violations.check(
            reserved <= self.captured,
            "refunds never exceed the captured amount",
            || format!("order {id}: {reserved} of {} are reserved", self.captured),
        );
    }

    fn settle(&mut self, id: &str, name: &str, payload: OrderPayload, violations: &mut Violations) {
        let refund = payload.id.unwrap_or_default();
        let known = self.refunds.get_mut(&refund).filter(|it| !it.is_done && !it.is_dropped);
        violations
            .check(known.is_some(), TRANSITIONS, || format!("order {id}: {name} of {refund}"));
        if let Some(refund_state) = known {
            refund_state.is_done = name == "refunded";
            refund_state.is_dropped = name == "refund_dropped";
        }
    }
}
