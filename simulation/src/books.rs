//! Books of its own: what the flushed events come to, folded with simple means, and checked with each event.
//!
//! They share no code with the services. An event is looked at when it is flushed, which is when it begins to be true.

mod carts;
mod catalogue;
mod money;
mod orders;
mod stock;

pub(crate) use money::Payment;
pub(crate) use orders::Order;
pub(crate) use stock::{Hold, HoldStatus};

use crate::{
    plan::Capture,
    world::{Process, Violation, World},
};
use carts::Carts;
use catalogue::Catalogue;
use futures_util::FutureExt;
use journal::{READ_EVENTS_MAX, RecordedEvent};
use money::Money;
use orders::Orders;
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use stock::Stock;

/// The books of all services.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) stock: Stock,
    pub(crate) money: Money,
    pub(crate) orders: Orders,
    pub(crate) carts: Carts,
    pub(crate) catalogue: Catalogue,
    pub(crate) unfinished_sagas: BTreeSet<String>,
    /// When the money of orders is taken.
    capture: Capture,
    /// How many events each stream has.
    versions: BTreeMap<String, u64>,
    /// How far each service's events were looked at.
    positions: BTreeMap<&'static str, u64>,
}

/// What an invariant found.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Violation>);

impl Findings {
    /// Writes down that something is not as promised.
    pub(crate) fn add(&mut self, invariant: &'static str, what: String) {
        self.0.push(Violation { invariant, what });
    }

    /// Writes it down unless it holds.
    pub(crate) fn check(
        &mut self,
        holds: bool,
        invariant: &'static str,
        what: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(invariant, what());
        }
    }
}

impl Books {
    /// Those of a shop that takes its money so.
    pub(crate) fn of(capture: Capture) -> Self {
        Self { capture, ..Self::default() }
    }

    /// How many events of a stream are flushed.
    pub(crate) fn version(&self, stream: &str) -> u64 {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    fn take_in(&mut self, service: &'static str, event: &RecordedEvent, found: &mut Findings) {
        let version = self.versions.entry(event.stream.clone()).or_default();
        *version += 1;
        found.check(*version == event.version, "streams have no gaps", || {
            format!("{} has version {} after {} events", event.stream, event.version, *version)
        });
        if let Some(saga) = event.stream.strip_prefix("saga-") {
            match event.name.as_str() {
                "saga_begun" => drop(self.unfinished_sagas.insert(saga.to_owned())),
                "saga_ended" => drop(self.unfinished_sagas.remove(saga)),
                _ => {}
            }
            return;
        }
        match service {
            "inventory-service" => {
                self.stock.take_in(event, found);
                if event.name == "held" {
                    self.compare_hold(&event.stream, found);
                }
            }
            "payment-service" => self.money.take_in(event, found),
            "order-service" => {
                let change = self.orders.take_in(event, found);
                if let Some((order, change)) = change {
                    self.compare(&order, change, found);
                }
            }
            "shopping-cart-service" => self.carts.take_in(event, found),
            "product-service" => self.catalogue.take_in(event),
            _ => {}
        }
    }

    /// What must be true of an order when goods are set aside for it.
    fn compare_hold(&self, stream: &str, found: &mut Findings) {
        let hold = stream.strip_prefix("hold-").and_then(|id| self.stock.holds.get(id));
        let order = hold.and_then(|hold| self.orders.all.get(hold.order.as_ref()?));
        let is_over = order.is_some_and(|order| order.status.word() == "cancelled");
        found.check(!is_over, "a cancelled order holds nothing", || {
            format!("{stream} is held for {order:?}")
        });
    }

    /// What must be true of goods and money when an order moves on.
    fn compare(&self, id: &str, change: orders::Change, found: &mut Findings) {
        let Some(order) = self.orders.all.get(id) else { return };
        let hold = self.stock.holds.get(&order.hold);
        let payment = self.money.all.get(&order.payment);
        match change {
            orders::Change::Confirmed => {
                found.check(
                    hold.is_some_and(|hold| hold.was_committed),
                    "a confirmed order has its goods",
                    || format!("order {id} is confirmed, its hold is {hold:?}"),
                );
                let due = match self.capture {
                    Capture::AtConfirmation => order.total,
                    Capture::AtFulfilment => 0,
                };
                let captured = payment.map_or(0, Payment::captured);
                found.check(
                    captured == due && order.captured == due,
                    "captured is what is due at confirmation",
                    || format!("order {id}: {captured} and {} of {due}", order.captured),
                );
                found.check(
                    payment.is_some_and(|payment| payment.stands_for() == order.total),
                    "a confirmed order has its money",
                    || format!("order {id}: {payment:?}"),
                );
            }
            orders::Change::Fulfilled => {
                let captured = payment.map_or(0, Payment::captured);
                found.check(
                    captured == order.total && order.captured == order.total,
                    "captured is the total when the goods leave",
                    || format!("order {id}: {captured} and {} of {}", order.captured, order.total),
                );
            }
            orders::Change::Cancelled => {
                found.check(
                    hold.is_none_or(|hold| !hold.claims()),
                    "a cancelled order holds nothing",
                    || format!("order {id} is cancelled, its hold is {hold:?}"),
                );
                found.check(
                    payment.is_none_or(Payment::is_given_back),
                    "a cancelled order keeps no money",
                    || format!("order {id} is cancelled, its payment is {payment:?}"),
                );
            }
            orders::Change::Placed | orders::Change::Other => {}
        }
    }
}

impl World {
    /// Looks at what was flushed in a process since the last look.
    pub(crate) fn watch(self: &Arc<Self>, process: &Process) {
        let engine = process.engine();
        let mut found = Findings::default();
        let mut books = self.books.lock();
        let mut news = Vec::new();
        for service in process.services {
            let journal = engine.service(service).journal;
            loop {
                let after = books.positions.get(service).copied().unwrap_or_default();
                let events = journal.follow(after, READ_EVENTS_MAX).now_or_never();
                let Some(Ok(events)) = events else { break };
                let count = events.len();
                if let Some(last) = events.last() {
                    books.positions.insert(service, last.position);
                }
                news.extend(events.into_iter().map(|event| (*service, event)));
                if count < READ_EVENTS_MAX {
                    break;
                }
            }
        }
        // The services of a process share one log, and so one order.
        news.sort_by_key(|(_, event)| event.position);
        for (service, event) in &news {
            self.note(event.id.as_bytes());
            self.note(&event.data);
            books.take_in(service, event, &mut found);
            self.tell_of(service, event);
        }
        drop(books);
        for Violation { invariant, what } in found.0 {
            self.violated(invariant, what);
        }
    }

    fn tell_of(&self, service: &str, event: &RecordedEvent) {
        if service != "product-service" {
            self.tell(format_args!("   flushed {} {}", event.stream, event.name));
        }
        let outcome = match (service, event.name.as_str()) {
            ("order-service", "confirmed") => "outcome: order confirmed",
            ("order-service", "cancelled") => "outcome: order cancelled",
            ("order-service", "completed") => "outcome: order completed",
            ("order-service", "captured") => "outcome: money taken when the goods leave",
            ("order-service", "refunded") => "outcome: refund given",
            ("order-service", "refund_dropped") => "outcome: refund dropped",
            ("order-service", "payment_waiting") => "outcome: order waits for its payment",
            ("order-service", "cancel_requested") => "outcome: cancellation asked for",
            ("order-service", "saga_undoing") => "outcome: saga goes back",
            ("inventory-service", "expired") => "outcome: hold expired",
            ("inventory-service", "barred") => "outcome: hold barred",
            ("inventory-service", "released") => "outcome: hold released",
            ("inventory-service", "returned") => "outcome: goods returned",
            ("inventory-service", "restocked") => "outcome: goods restocked",
            ("payment-service", "declined") => "outcome: payment declined",
            ("payment-service", "outcome_unknown") => "outcome: payment outcome unknown",
            ("payment-service", "authorised_too_late") => "outcome: money arrived too late",
            ("payment-service", "barred") => "outcome: payment barred",
            ("payment-service", "voided") => "outcome: payment voided",
            ("payment-service", "refunded") => "outcome: money given back",
            ("payment-service", "action_required") => "outcome: customer has to act",
            ("payment-service", "message_taken") => "outcome: webhook taken in",
            ("payment-service", "cancellation_asked") => "outcome: unknown payment cancelled",
            ("product-service", "price_changed") => "outcome: price changed",
            ("shopping-cart-service", "checkout_abandoned") => "outcome: cart reopened",
            _ => return,
        };
        self.saw(outcome);
    }
}

/// Reads an event's facts.
fn facts<T: DeserializeOwned>(event: &RecordedEvent, found: &mut Findings) -> Option<T> {
    match serde_json::from_slice(&event.data) {
        Ok(facts) => Some(facts),
        Err(error) => {
            found.add(
                "stored events can be read",
                format!("{} {}: {error}", event.stream, event.name),
            );
            None
        }
    }
}
