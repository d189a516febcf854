//! Reference model: the state that the flushed events come to, folded by simple means, and checked with each event.
//!
//! It shares no code with the services: it would share their defects.

mod carts;
mod catalogue;
mod orders;
mod payload;
mod payments;
mod stock;

pub(crate) use orders::Order;
pub(crate) use payments::Payment;
pub(crate) use stock::{Hold, HoldStatus};

use crate::{plan::CaptureMode, violation::Violations};
use carts::CartsModel;
use catalogue::CatalogueModel;
use journal::RecordedEvent;
use orders::{OrderTransition, OrdersModel};
use payments::PaymentsModel;
use std::collections::{BTreeMap, BTreeSet};
use stock::StockModel;

/// Reference model of all services.
#[derive(Debug, Default)]
pub(crate) struct ReferenceModel {
    pub(crate) stock: StockModel,
    pub(crate) payments: PaymentsModel,
    pub(crate) orders: OrdersModel,
    pub(crate) carts: CartsModel,
    pub(crate) catalogue: CatalogueModel,
    pub(crate) unfinished_sagas: BTreeSet<String>,
    /// Orders whose payment is captured at fulfilment, as the settings were when their checkout began.
    captured_at_fulfilment: BTreeSet<String>,
    /// Version of each stream: how many events it has.
    versions: BTreeMap<String, u64>,
}

impl ReferenceModel {
    /// How many events of a stream are flushed.
    pub(crate) fn version(&self, stream: &str) -> u64 {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    /// Applies an event, and checks what must be true after it.
    pub(crate) fn apply(
        &mut self,
        service: &str,
        event: &RecordedEvent,
        violations: &mut Violations,
    ) {
        let version = self.versions.entry(event.stream.clone()).or_default();
        *version += 1;
        violations.check(*version == event.version, "streams have no gaps", || {
            format!("{} has version {} after {} events", event.stream, event.version, *version)
        });
        if let Some(saga) = event.stream.strip_prefix("saga-") {
            match event.name.as_str() {
                "saga_begun" => {
                    self.unfinished_sagas.insert(saga.to_owned());
                    self.captured_at_fulfilment.extend(order_captured_at_fulfilment(event));
                }
                "saga_ended" => drop(self.unfinished_sagas.remove(saga)),
                _ => {}
            }
            return;
        }
        match service {
            "inventory-service" => {
                self.stock.apply(event, violations);
                if event.name == "held" {
                    self.check_hold(&event.stream, violations);
                }
            }
            "payment-service" => self.payments.apply(event, violations),
            "order-service" => {
                let transition = self.orders.apply(event, violations);
                if let Some((order, transition)) = transition {
                    self.check_order(&order, transition, violations);
                }
            }
            "shopping-cart-service" => self.carts.apply(event, violations),
            "product-service" => self.catalogue.apply(event),
            _ => {}
        }
    }

    /// Checks the order that stock is held for.
    fn check_hold(&self, stream: &str, violations: &mut Violations) {
        let hold = stream.strip_prefix("hold-").and_then(|id| self.stock.holds.get(id));
        let order = hold.and_then(|hold| self.orders.all.get(hold.order.as_ref()?));
        let is_cancelled = order.is_some_and(Order::is_cancelled);
        violations.check(!is_cancelled, "a cancelled order holds no stock", || {
            format!("{stream} is held for {order:?}")
        });
    }

    /// Checks the hold and the payment of an order after its transition.
    fn check_order(&self, id: &str, transition: OrderTransition, violations: &mut Violations) {
        let Some(order) = self.orders.all.get(id) else { return };
        let hold = self.stock.holds.get(&order.hold);
        let payment = self.payments.all.get(&order.payment);
        match transition {
            OrderTransition::Confirmed => {
                violations.check(
                    hold.is_some_and(|hold| hold.was_committed),
                    "a confirmed order has committed its hold",
                    || format!("order {id} is confirmed, its hold is {hold:?}"),
                );
                let due = if self.captured_at_fulfilment.contains(id) { 0 } else { order.total };
                let captured = payment.map_or(0, Payment::captured);
                violations.check(
                    captured == due && order.captured == due,
                    "captured equals the amount due",
                    || format!("order {id}: {captured} and {} of {due}", order.captured),
                );
                violations.check(
                    payment.is_some_and(|payment| payment.capturable() == order.total),
                    "a confirmed order is fully authorised",
                    || format!("order {id}: {payment:?}"),
                );
            }
            OrderTransition::Fulfilled => {
                let captured = payment.map_or(0, Payment::captured);
                violations.check(
                    captured == order.total && order.captured == order.total,
                    "captured equals the total at fulfilment",
                    || format!("order {id}: {captured} and {} of {}", order.captured, order.total),
                );
            }
            OrderTransition::Cancelled => {
                violations.check(
                    hold.is_none_or(|hold| !hold.reserves_stock()),
                    "a cancelled order holds no stock",
                    || format!("order {id} is cancelled, its hold is {hold:?}"),
                );
                violations.check(
                    payment.is_none_or(Payment::is_released),
                    "a cancelled order keeps no money",
                    || format!("order {id} is cancelled, its payment is {payment:?}"),
                );
            }
            OrderTransition::Placed | OrderTransition::Other => {}
        }
    }
}

/// Order of a checkout that captures the payment at fulfilment.
fn order_captured_at_fulfilment(event: &RecordedEvent) -> Option<String> {
    let begun: serde_json::Value = serde_json::from_slice(&event.data).ok()?;
    let input = &begun["case"];
    let is_at_fulfilment = input["capture"] == CaptureMode::AtFulfilment.as_str();
    input["order_id"].as_str().filter(|_| is_at_fulfilment).map(str::to_owned)
}
