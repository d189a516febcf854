//! What people were told is true, once; and goods, money and orders agree.

use crate::{
    books::{Books, Findings, Hold, HoldStatus, Order},
    told::{Outcome, Placing, Told},
    world::World,
};
use std::collections::BTreeMap;

pub(super) fn check(world: &World, found: &mut Findings) {
    let (books, told) = (world.books.lock(), world.told.lock());
    orders_of_attempts(&books, &told, found);
    orders_of_carts(&books, found);
    carts(&books, &told, found);
    refunds(&books, &told, found);
    movements(&books, &told, found);
    endings(&books, &told, found);
    goods(&books, found);
    money(&books, found);
    prices(&books, &told, found);
}

const ONE_KEY: &str = "one order per key";

fn orders_of_attempts(books: &Books, told: &Told, found: &mut Findings) {
    let mut by_email: BTreeMap<&str, Vec<(&String, &Order)>> = BTreeMap::new();
    for (id, order) in &books.orders.all {
        by_email.entry(&order.email).or_default().push((id, order));
    }
    for attempt in &told.attempts {
        let orders = by_email.remove(attempt.email.as_str()).unwrap_or_default();
        found.check(orders.len() <= 1, ONE_KEY, || format!("{}: {orders:?}", attempt.email));
        match (&attempt.outcome, orders.first()) {
            (Placing::Placed { order, total }, Some((id, placed))) => {
                found.check(
                    *id == order && placed.total == *total,
                    "acknowledged is there",
                    || format!("{}: told {order} of {total}, there is {id}", attempt.email),
                );
            }
            (Placing::Placed { order, .. }, None) => {
                found.add("acknowledged is there", format!("order {order} of {}", attempt.email));
            }
            (Placing::Refused, Some((id, placed))) => {
                found.check(placed.status.word() == "cancelled", "refused is not done", || {
                    format!("{} was refused, order {id} is {:?}", attempt.email, placed.status)
                });
            }
            (Placing::Refused, None) | (Placing::Unknown, _) => {}
        }
    }
    for (email, orders) in by_email {
        found.add(ONE_KEY, format!("nobody with the address {email} ordered {orders:?}"));
    }
}

fn orders_of_carts(books: &Books, found: &mut Findings) {
    let mut by_cart: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (id, order) in &books.orders.all {
        let Some(cart) = order.cart.as_deref() else { continue };
        if order.was_confirmed {
            by_cart.entry(cart).or_default().push(id);
            let became = books.carts.all.get(cart).and_then(|cart| cart.ordered_as.as_ref());
            found.check(became == Some(id), "a cart becomes one order", || {
                format!("order {id} is confirmed, its cart {cart} became {became:?}")
            });
        }
    }
    for (cart, orders) in by_cart {
        found
            .check(orders.len() == 1, "a cart becomes one order", || format!("{cart}: {orders:?}"));
    }
    for (id, cart) in &books.carts.all {
        found.check(cart.frozen_for.is_none(), "no cart stays frozen", || {
            format!("cart {id} is frozen for {:?}", cart.frozen_for)
        });
    }
}

fn carts(books: &Books, told: &Told, found: &mut Findings) {
    for known in &told.carts {
        let lines = books.carts.all.get(&known.id).map(|cart| &cart.lines);
        let possible = known.possible();
        found.check(
            lines.is_some_and(|lines| possible.contains(lines)),
            "acknowledged lines are there",
            || format!("cart {}: {possible:?}, there is {lines:?}", known.id),
        );
    }
}

fn refunds(books: &Books, told: &Told, found: &mut Findings) {
    for promise in &told.refunds {
        let given = books
            .orders
            .all
            .iter()
            .flat_map(|(id, order)| order.refunds.values().map(move |refund| (id, refund)));
        let given = given.filter(|(_, it)| it.reason == promise.reason && !it.is_dropped);
        let given: Vec<_> = given.collect();
        let is_given =
            matches!(given.as_slice(), [(id, it)] if **id == promise.about && it.is_done);
        let order = books.orders.all.get(&promise.about);
        let is_cancelled = order.is_some_and(|order| order.status.word() == "cancelled");
        let is_right = match promise.outcome {
            Outcome::Done => is_given,
            // A cancellation that came before it gave all the money back.
            Outcome::Promised => is_given || (given.is_empty() && is_cancelled),
            Outcome::Refused => given.is_empty(),
            Outcome::Unknown => given.len() <= 1,
        };
        found.check(is_right, "a refund is given once", || format!("{promise:?}: {given:?}"));
    }
}

fn movements(books: &Books, told: &Told, found: &mut Findings) {
    for promise in &told.moves {
        let moved = books.stock.moves.get(&promise.reason).map_or(&[][..], Vec::as_slice);
        let is_right = match promise.outcome {
            Outcome::Done | Outcome::Promised => moved == [promise.units],
            Outcome::Refused => moved.is_empty(),
            Outcome::Unknown => moved.len() <= 1,
        };
        found.check(is_right, "a movement is entered once", || format!("{promise:?}: {moved:?}"));
    }
}

fn endings(books: &Books, told: &Told, found: &mut Findings) {
    let is = |id: &String, what: fn(&Order) -> bool| books.orders.all.get(id).is_some_and(what);
    for id in &told.cancelled {
        found.check(is(id, |it| it.status.word() == "cancelled"), "acknowledged is there", || {
            format!("order {id} was said to be cancelled")
        });
    }
    for id in &told.fulfilled {
        found.check(is(id, |it| it.is_fulfilled), "acknowledged is there", || {
            format!("order {id} was said to have left")
        });
    }
    for id in &told.confirmed {
        found.check(is(id, |it| it.was_confirmed), "acknowledged is there", || {
            format!("order {id} was said to be confirmed")
        });
    }
}

fn goods(books: &Books, found: &mut Findings) {
    for (id, hold) in &books.stock.holds {
        let order = hold.order.as_ref().and_then(|order| books.orders.all.get(order));
        let is_right = match order {
            Some(order) if order.status.word() == "cancelled" => !hold.claims(),
            Some(_) => hold.status == HoldStatus::Committed,
            None => !hold.claims(),
        };
        found.check(is_right, "no goods are left over", || {
            format!("hold {id}: {hold:?}, {order:?}")
        });
    }
    for (id, order) in &books.orders.all {
        if !order.was_confirmed || order.status.word() == "cancelled" {
            continue;
        }
        let hold = books.stock.holds.get(&order.hold);
        let done = order.refunds.values().filter(|refund| refund.is_done && refund.restock);
        let units: i64 = done.map(|refund| refund.units).sum();
        let back = hold.map_or(0, Hold::back);
        found.check(units == back, "restocked goods came back once", || {
            format!("order {id}: {units} units are restocked, {back} came back")
        });
    }
    for (sku, shelf) in &books.stock.shelves {
        found.check(shelf.held == 0, "no goods are left over", || format!("{sku}: {shelf:?}"));
    }
}

fn money(books: &Books, found: &mut Findings) {
    for (id, payment) in &books.money.all {
        let order = books.orders.all.get(&payment.order);
        let is_right = match order {
            Some(order) if order.was_confirmed && order.status.word() != "cancelled" => {
                payment.captured() == order.captured
                    && payment.stands_for() == order.total
                    && payment.refunded() == order.refunded()
            }
            _ => payment.is_given_back(),
        };
        found.check(is_right, "no money is left over", || {
            format!("payment {id}: {payment:?}, {order:?}")
        });
    }
}

fn prices(books: &Books, told: &Told, found: &mut Findings) {
    for (sku, cents) in &told.prices {
        let known = books.catalogue.prices.get(sku);
        found.check(known.is_some_and(|it| it.contains(cents)), "acknowledged is there", || {
            format!("the price {cents} of {sku}: {known:?}")
        });
    }
    for (id, order) in &books.orders.all {
        for (sku, _, cents) in &order.lines {
            let known = books.catalogue.prices.get(sku);
            found.check(
                known.is_some_and(|it| it.contains(cents)),
                "prices are those that were set",
                || format!("order {id} has {sku} for {cents}: {known:?}"),
            );
        }
    }
}
