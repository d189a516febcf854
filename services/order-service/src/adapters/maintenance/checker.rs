//! Invariants of every order, checked offline.

use super::SAGAS;
use crate::{
    application::{
        checkout_input::checkout_id,
        orders::{STREAM_PREFIX, order_id_of},
    },
    domain::{
        events::{Line, OrderEvent, Placed},
        order::Order,
    },
};
use async_trait::async_trait;
use journal::{
    Aggregate, Journal, RecordedEvent,
    maintenance::{EventVisitor, Invariant, InvariantChecker},
};
use kernel::{Money, MoneyError};
use std::{collections::HashMap, sync::Arc};
use storage::StorageError;

/// Number of order numbers in one word of the bit set.
const NUMBERS_PER_WORD: u64 = 64;

/// Invariant checker of every order, after each of its events.
pub(super) struct OrderChecker {
    journal: Arc<dyn Journal>,
    sums: Invariant,
    money: Invariant,
    goods: Invariant,
    checkouts: Invariant,
    numbers: Invariant,
    /// Bit set of the numbers that were seen, in words: numbers are nearly consecutive.
    seen: HashMap<u64, u64>,
}

impl OrderChecker {
    pub(super) fn of(journal: Arc<dyn Journal>) -> Self {
        Self {
            journal,
            sums: Invariant::new("lines, delivery, discount and tax add up to the total"),
            money: Invariant::new("an order takes its total, and gives back no more"),
            goods: Invariant::new("nothing is shipped that was given back"),
            checkouts: Invariant::new("one checkout key has one order"),
            numbers: Invariant::new("no two orders have one number"),
            seen: HashMap::new(),
        }
    }

    /// Whether the checkout saga whose id derives from the order's id is about this order.
    async fn has_its_checkout(&self, stream: &str) -> Result<bool, StorageError> {
        let Some(id) = order_id_of(stream) else { return Ok(false) };
        let checkout = checkout_id(id).into();
        let subject = saga::maintenance::saga_subject(&*self.journal, checkout, SAGAS).await?;
        Ok(subject == Some(id.into()))
    }
}

#[async_trait]
impl EventVisitor for OrderChecker {
    fn wants(&self, stream: &str) -> bool {
        stream.starts_with(STREAM_PREFIX)
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let mut order: Option<Order> = None;
        let (mut fault, mut is_shipped_empty) = (None, false);
        for recorded in events {
            let event = Order::decode(recorded)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            fault = fault.or_else(|| capture_fault(order.as_ref(), &event));
            is_shipped_empty |= ships_nothing(order.as_ref(), &event);
            let next = Order::apply(order, &event);
            fault = fault.or_else(|| refund_fault(&next));
            order = Some(next);
        }
        let (Some(order), Some(first)) = (order, events.first()) else { return Ok(()) };
        let stream = &first.stream;
        self.sums.hold(totals_match(&order.placed), || {
            format!("{stream} comes to something else than {}", order.placed.totals.total)
        });
        self.money.hold(fault.is_none(), || format!("{stream} {}", fault.unwrap_or_default()));
        self.goods.hold(!is_shipped_empty, || {
            format!("{stream} was shipped after all its units were given back")
        });
        let is_its_own = self.has_its_checkout(stream).await?;
        self.checkouts
            .hold(is_its_own, || format!("{stream} was placed by no checkout of its own"));
        let number = order.placed.number;
        let word = self.seen.entry(number / NUMBERS_PER_WORD).or_default();
        let bit = 1 << (number % NUMBERS_PER_WORD);
        self.numbers.hold(*word & bit == 0, || format!("{stream} has the number {number} again"));
        *word |= bit;
        Ok(())
    }
}

impl InvariantChecker for OrderChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        let Self { sums, money, goods, checkouts, numbers, .. } = &*self;
        [sums, money, goods, checkouts, numbers].map(Clone::clone).into()
    }
}

fn capture_fault(order: Option<&Order>, event: &OrderEvent) -> Option<String> {
    match (order, event) {
        (None, OrderEvent::Placed(_)) => None,
        (None, _) => Some(format!("begins with {}", event.name())),
        (Some(_), OrderEvent::Placed(_)) => Some("was placed twice".to_owned()),
        (Some(order), OrderEvent::Confirmed { captured, .. }) => {
            let total = order.placed.totals.total;
            let is_part_of_invoice =
                order.placed.terms.is_invoice() && captured.amount <= total.amount;
            let is_whole = *captured == total || captured.is_zero();
            (!is_whole && !is_part_of_invoice)
                .then(|| format!("captured {captured} for a total of {total}"))
        }
        (Some(order), OrderEvent::Captured { captured, reference: Some(_), .. }) => {
            let (before, total) = (order.captured, order.placed.totals.total);
            let is_growing = (before.amount + 1..=total.amount).contains(&captured.amount);
            (!is_growing).then(|| format!("took {captured} in all of {total}, after {before}"))
        }
        (Some(order), OrderEvent::Captured { captured, reference: None, .. }) => {
            let left = order.authorised;
            (*captured != left).then(|| format!("captured {captured} where {left} were authorised"))
        }
        (Some(order), OrderEvent::Completed { .. }) if order.authorised.is_positive() => {
            Some(format!("is complete and {} are authorised", order.authorised))
        }
        (Some(_), _) => None,
    }
}

/// Whether an event ships an order of which nothing is left, or which was paid back.
fn ships_nothing(order: Option<&Order>, event: &OrderEvent) -> bool {
    match (order, event) {
        (Some(order), OrderEvent::Fulfilled { .. }) => {
            let is_paid_back = order.captured.is_positive() && order.refundable().is_zero();
            is_paid_back || order.units_in_refunds() == order.units()
        }
        (Some(_) | None, _) => false,
    }
}

fn refund_fault(order: &Order) -> Option<String> {
    let left = order.refundable();
    (left.amount < 0).then(|| format!("refunds more than the {} it captured", order.captured))
}

fn totals_match(placed: &Placed) -> bool {
    let totals = &placed.totals;
    let lines = placed.lines.iter().map(|line| line.total);
    let sum = || -> Result<Money, MoneyError> {
        let items = lines.clone().try_fold(Money::zero(placed.currency), Money::checked_add)?;
        let with_delivery = items.checked_sub(totals.discount)?.checked_add(totals.shipping)?;
        if totals.tax_included { Ok(with_delivery) } else { with_delivery.checked_add(totals.tax) }
    };
    let items = lines.clone().try_fold(Money::zero(placed.currency), Money::checked_add);
    let extended = |line: &Line| line.unit_price.extend(line.quantity) == Ok(line.total);
    items == Ok(totals.items)
        && sum() == Ok(totals.total)
        && placed.lines.iter().all(extended)
        && placed.shipping.price == totals.shipping
}
