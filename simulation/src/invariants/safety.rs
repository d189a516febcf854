//! Safety invariants: acknowledged writes are durable and take effect once; stock, payments and orders agree.

use crate::{
    model::{Hold, HoldStatus, Order, ReferenceModel},
    observed::{CommandOutcome, Observations, OrderOutcome},
    simulation::Simulation,
    violation::Violations,
};
use std::collections::BTreeMap;

/// Checks the reference model against what clients observed.
pub(super) fn check(sim: &Simulation, violations: &mut Violations) {
    let (model, observed) = (sim.oracle.model(), sim.observed.lock());
    orders_of_attempts(&model, &observed, violations);
    orders_of_carts(&model, violations);
    carts(&model, &observed, violations);
    refunds(&model, &observed, violations);
    movements(&model, &observed, violations);
    acknowledged_transitions(&model, &observed, violations);
    holds(&model, violations);
    payments(&model, violations);
    prices(&model, &observed, violations);
}

const ONE_KEY: &str = "one order per idempotency key";
const DURABLE: &str = "acknowledged writes are durable";
const ONE_ORDER: &str = "a cart becomes at most one order";
const RESERVED: &str = "no stock stays reserved";

fn orders_of_attempts(
    model: &ReferenceModel,
    observed: &Observations,
    violations: &mut Violations,
) {
    let mut by_email: BTreeMap<&str, Vec<(&String, &Order)>> = BTreeMap::new();
    for (id, order) in &model.orders.all {
        by_email.entry(&order.email).or_default().push((id, order));
    }
    for attempt in &observed.attempts {
        let orders = by_email.remove(attempt.email.as_str()).unwrap_or_default();
        violations.check(orders.len() <= 1, ONE_KEY, || format!("{}: {orders:?}", attempt.email));
        match (&attempt.outcome, orders.first()) {
            (OrderOutcome::Placed { order, total }, Some((id, placed))) => {
                violations.check(*id == order && placed.total == *total, DURABLE, || {
                    format!(
                        "{}: acknowledged as {order} with total {total}, stored as {id}",
                        attempt.email
                    )
                });
            }
            (OrderOutcome::Placed { order, .. }, None) => {
                violations.add(DURABLE, format!("order {order} of {}", attempt.email));
            }
            (OrderOutcome::Rejected, Some((id, placed))) => {
                violations.check(placed.is_cancelled(), "a rejected request has no effect", || {
                    format!("{} was rejected, order {id} is {:?}", attempt.email, placed.status)
                });
            }
            (OrderOutcome::Rejected, None) | (OrderOutcome::Indeterminate, _) => {}
        }
    }
    for (email, orders) in by_email {
        violations.add(ONE_KEY, format!("no attempt of {email} placed {orders:?}"));
    }
}

fn orders_of_carts(model: &ReferenceModel, violations: &mut Violations) {
    let mut by_cart: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (id, order) in &model.orders.all {
        let Some(cart) = order.cart.as_deref() else { continue };
        if order.was_confirmed {
            by_cart.entry(cart).or_default().push(id);
            let became = model.carts.all.get(cart).and_then(|cart| cart.ordered_as.as_ref());
            violations.check(became == Some(id), ONE_ORDER, || {
                format!("order {id} is confirmed, its cart {cart} became {became:?}")
            });
        }
    }
    for (cart, orders) in by_cart {
        violations.check(orders.len() == 1, ONE_ORDER, || format!("{cart}: {orders:?}"));
    }
    for (id, cart) in &model.carts.all {
        violations.check(cart.frozen_for.is_none(), "no cart stays frozen", || {
            format!("cart {id} is frozen for {:?}", cart.frozen_for)
        });
    }
}

fn carts(model: &ReferenceModel, observed: &Observations, violations: &mut Violations) {
    for known in &observed.carts {
        let lines = model.carts.all.get(&known.id).map(|cart| &cart.lines);
        let possible = known.possible_lines();
        violations.check(
            lines.is_some_and(|lines| possible.contains(lines)),
            "acknowledged cart lines are durable",
            || format!("cart {}: {possible:?} expected, stored are {lines:?}", known.id),
        );
    }
}

fn refunds(model: &ReferenceModel, observed: &Observations, violations: &mut Violations) {
    for command in &observed.refunds {
        let matching = model
            .orders
            .all
            .iter()
            .flat_map(|(id, order)| order.refunds.values().map(move |refund| (id, refund)));
        let matching = matching.filter(|(_, it)| it.reason == command.reason && !it.is_dropped);
        let matching: Vec<_> = matching.collect();
        let is_done_once =
            matches!(matching.as_slice(), [(id, it)] if **id == command.target && it.is_done);
        let order = model.orders.all.get(&command.target);
        let is_cancelled = order.is_some_and(Order::is_cancelled);
        let holds = match command.outcome {
            CommandOutcome::Done => is_done_once,
            // A cancellation that overtook it refunded the whole order.
            CommandOutcome::Accepted => is_done_once || (matching.is_empty() && is_cancelled),
            CommandOutcome::Rejected => matching.is_empty(),
            CommandOutcome::Indeterminate => matching.len() <= 1,
        };
        violations.check(holds, "a refund takes effect exactly once", || {
            format!("{command:?}: {matching:?}")
        });
    }
}

fn movements(model: &ReferenceModel, observed: &Observations, violations: &mut Violations) {
    for command in &observed.stock_movements {
        let moved =
            model.stock.operator_movements.get(&command.reason).map_or(&[][..], Vec::as_slice);
        let holds = match command.outcome {
            CommandOutcome::Done | CommandOutcome::Accepted => moved == [command.units],
            CommandOutcome::Rejected => moved.is_empty(),
            CommandOutcome::Indeterminate => moved.len() <= 1,
        };
        violations.check(holds, "a movement takes effect exactly once", || {
            format!("{command:?}: {moved:?}")
        });
    }
}

fn acknowledged_transitions(
    model: &ReferenceModel,
    observed: &Observations,
    violations: &mut Violations,
) {
    let is = |id: &String, what: fn(&Order) -> bool| model.orders.all.get(id).is_some_and(what);
    for id in &observed.cancelled {
        violations.check(is(id, Order::is_cancelled), DURABLE, || {
            format!("order {id} was acknowledged as cancelled")
        });
    }
    for id in &observed.fulfilled {
        violations.check(is(id, |it| it.is_fulfilled), DURABLE, || {
            format!("order {id} was acknowledged as fulfilled")
        });
    }
    for id in &observed.confirmed {
        violations.check(is(id, |it| it.was_confirmed), DURABLE, || {
            format!("order {id} was acknowledged as confirmed")
        });
    }
}

fn holds(model: &ReferenceModel, violations: &mut Violations) {
    for (id, hold) in &model.stock.holds {
        let order = hold.order.as_ref().and_then(|order| model.orders.all.get(order));
        let holds = match order {
            Some(order) if order.is_cancelled() => !hold.reserves_stock(),
            Some(_) => hold.status == HoldStatus::Committed,
            None => !hold.reserves_stock(),
        };
        violations.check(holds, RESERVED, || format!("hold {id}: {hold:?}, {order:?}"));
    }
    for (id, order) in &model.orders.all {
        if !order.was_confirmed || order.is_cancelled() {
            continue;
        }
        let hold = model.stock.holds.get(&order.hold);
        let done = order.refunds.values().filter(|refund| refund.is_done && refund.restock);
        let units: i64 = done.map(|refund| refund.units).sum();
        let returned = hold.map_or(0, Hold::restocked_units);
        violations.check(units == returned, "restocked units are returned exactly once", || {
            format!("order {id}: {units} units are restocked, {returned} returned to stock")
        });
    }
    for (sku, level) in &model.stock.levels {
        violations.check(level.held == 0, RESERVED, || format!("{sku}: {level:?}"));
    }
}

fn payments(model: &ReferenceModel, violations: &mut Violations) {
    for (id, payment) in &model.payments.all {
        let order = model.orders.all.get(&payment.order);
        let holds = match order {
            Some(order) if order.was_confirmed && !order.is_cancelled() => {
                payment.captured() == order.captured
                    && payment.capturable() == order.total
                    && payment.refunded() == order.refunded()
            }
            _ => payment.is_released(),
        };
        violations.check(holds, "payments agree with orders", || {
            format!("payment {id}: {payment:?}, {order:?}")
        });
    }
}

fn prices(model: &ReferenceModel, observed: &Observations, violations: &mut Violations) {
    for (sku, cents) in &observed.prices {
        let known = model.catalogue.prices.get(sku);
        violations.check(known.is_some_and(|it| it.contains(cents)), DURABLE, || {
            format!("the price {cents} of {sku}: {known:?}")
        });
    }
    for (id, order) in &model.orders.all {
        for (sku, _, cents) in &order.lines {
            let known = model.catalogue.prices.get(sku);
            violations.check(
                known.is_some_and(|it| it.contains(cents)),
                "order prices were once set",
                || format!("order {id} has {sku} for {cents}: {known:?}"),
            );
        }
    }
}
