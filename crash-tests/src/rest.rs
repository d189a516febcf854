//! What must be true of a shop in which nothing happens any more, whatever happened before.

use crate::{
    client::{Doors, Edge},
    customer::{Customer, eventually, is_balanced, order_of, read, units_gone},
    town::{Town, add},
    violation::{Checked, ensure},
    wish::Lines,
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Entries of a page.
const PAGE: usize = 200;

/// How much of the past is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What happened since the last time.
    Recent,
    /// Everything there is.
    All,
}

impl Town {
    /// Brings everything to its end and checks that nothing is left over: no saga, no hold, no money set aside; that
    /// stock and money conserve; and that there is no order nobody asked for, and none twice.
    pub async fn rests(&mut self, doors: &Doors, depth: Depth) -> Checked {
        self.finish(doors).await?;
        let ended = |sagas: &Value| sagas["items"].as_array().is_some_and(Vec::is_empty);
        eventually(doors, "/api/v1/sagas", ended).await?;
        for customer in &mut self.customers {
            let before = customer.retired().len();
            customer.retire(doors).await?;
            for retired in &customer.retired()[before..] {
                add(&mut self.gone, &retired.gone);
            }
        }
        self.orders_are_known(doors, depth).await?;
        self.stock_conserves(doors, depth).await?;
        if depth == Depth::All {
            for customer in &mut self.customers {
                customer.look_at_all(doors).await?;
            }
        }
        Ok(())
    }

    /// Every order of the shop is one that somebody knows of, or one that was turned down and is dead.
    async fn orders_are_known(&self, doors: &Doors, depth: Depth) -> Checked {
        let known: HashSet<&str> =
            self.customers.iter().flat_map(Customer::retired).map(|it| it.id.as_str()).collect();
        let refused: HashSet<&str> =
            self.customers.iter().flat_map(Customer::refused).map(String::as_str).collect();
        let (mut numbers, mut seen, mut cursor) = (HashSet::new(), 0, String::new());
        loop {
            let path = format!("/api/v1/orders?limit={PAGE}{cursor}");
            let page = read(doors, Edge::Operator, &path).await?.json;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            let mut is_old = true;
            for order in &items {
                let id = order["id"].as_str().unwrap_or_default();
                let number = order["number"].as_str().unwrap_or_default().to_owned();
                ensure(numbers.insert(number), || format!("a number was given twice: {order}"))?;
                if known.contains(id) {
                    seen += 1;
                    continue;
                }
                is_old = false;
                let email = order["email"].as_str().unwrap_or_default();
                ensure(refused.contains(email), || {
                    format!("nobody asked for this order: {order}")
                })?;
                let json = order_of(doors, id).await?;
                is_balanced(&json).map_err(|violation| violation.seen(&json))?;
                ensure(units_gone(&json) == Lines::new(), || {
                    format!("turned down, alive: {json}")
                })?;
            }
            match page["next_cursor"].as_str() {
                Some(next) if depth == Depth::All || !is_old => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        let all_there = depth == Depth::Recent || seen == known.len();
        ensure(all_there, || format!("{} orders were placed, {seen} are listed", known.len()))
    }

    /// Nothing is held, and what came in is what is there and what was sold.
    async fn stock_conserves(&self, doors: &Doors, depth: Depth) -> Checked {
        let mut received = Lines::new();
        let mut receipts: HashMap<&str, (&str, i64)> = HashMap::new();
        for receipt in self.customers.iter().flat_map(Customer::receipts) {
            *received.entry(receipt.sku.clone()).or_default() += receipt.quantity;
            receipts.insert(&receipt.reason, (&receipt.sku, receipt.quantity));
        }
        for sku in self.skus() {
            let path = format!("/api/v1/stock/{sku}");
            let stock = eventually(doors, &path, |stock| stock["held"] == 0).await?;
            let [came, gone] =
                [&received, &self.gone].map(|books| books.get(sku).copied().unwrap_or_default());
            let wanted = self.units_at_first(sku) + came - gone;
            ensure(
                stock["on_hand"] == wanted && stock["available"] == wanted && wanted >= 0,
                || {
                    format!(
                        "{sku}: {came} came and {gone} went, so there are {wanted}, not {stock}"
                    )
                },
            )?;
            if depth == Depth::All {
                let found = movements_conserve(doors, sku, wanted, gone).await?;
                for reason in found {
                    let booked = receipts.remove(reason.as_str());
                    ensure(booked.is_some_and(|(of, _)| of == sku), || {
                        format!("{reason} of {sku} was booked twice, or by nobody")
                    })?;
                }
            }
        }
        let all_there = depth == Depth::Recent || receipts.is_empty();
        ensure(all_there, || format!("these receipts are not in the books: {receipts:?}"))
    }
}

/// The ledger of an article adds up. Returns the reasons of what was received.
async fn movements_conserve(
    doors: &Doors,
    sku: &str,
    on_hand: i64,
    gone: i64,
) -> Checked<Vec<String>> {
    let (mut sums, mut reasons, mut cursor) = ([0, 0], Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/stock/{sku}/movements?limit={PAGE}{cursor}");
        let page = read(doors, Edge::Operator, &path).await?.json;
        for movement in page["items"].as_array().into_iter().flatten() {
            let quantity = movement["quantity"].as_i64().unwrap_or_default();
            match movement["kind"].as_str() {
                Some("received") => {
                    sums[0] += quantity;
                    reasons.push(movement["reason"].as_str().unwrap_or_default().to_owned());
                }
                Some("adjusted") => sums[0] += quantity,
                _ => sums[1] += quantity,
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let [came, went] = sums;
    ensure(came + went == on_hand && -went == gone, || {
        format!("{sku}: its movements say {came} came and {went} went; {on_hand} are there")
    })?;
    Ok(reasons)
}
