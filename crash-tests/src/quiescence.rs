//! Quiescence checks: invariants that must hold once no operation is in progress, whatever happened before.

use crate::{
    client::{Edge, EdgeClient},
    customer::Customer,
    fetch::{fetch, fetch_order, poll_until},
    operation::{Lines, add_lines},
    order_document::{check_balanced, net_units_sold},
    violation::{CheckResult, ensure},
    workload::Workload,
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Entries of a page.
const PAGE_ENTRIES: usize = 200;

/// Scope of the checks: recent or whole history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckScope {
    /// History since the previous quiescent point.
    Recent,
    /// The whole history.
    All,
}

impl Workload {
    /// Drives every operation to its end and checks the invariants: no saga, hold or open authorisation is left,
    /// stock and money are conserved, and no order is unknown or listed twice.
    pub async fn quiesce_and_check(
        &mut self,
        client: &EdgeClient,
        scope: CheckScope,
    ) -> CheckResult {
        self.complete_pending(client).await?;
        let all_ended = |sagas: &Value| sagas["items"].as_array().is_some_and(Vec::is_empty);
        poll_until(client, "/api/v1/sagas", all_ended).await?;
        for customer in &mut self.customers {
            let before = customer.settled().len();
            customer.settle_orders(client).await?;
            for settled in &customer.settled()[before..] {
                add_lines(&mut self.units_sold, &settled.units_sold);
            }
        }
        self.check_no_unknown_orders(client, scope).await?;
        self.check_stock_conservation(client, scope).await?;
        if scope == CheckScope::All {
            for customer in &mut self.customers {
                customer.read_back_all_settled(client).await?;
            }
        }
        Ok(())
    }

    /// Checks that every order of the shop, and every attempt that became none, belongs to a customer, or is the cancelled order of a rejected checkout.
    async fn check_no_unknown_orders(&self, client: &EdgeClient, scope: CheckScope) -> CheckResult {
        let known: HashSet<&str> =
            self.customers.iter().flat_map(Customer::settled).map(|it| it.id.as_str()).collect();
        let rejected: HashSet<&str> =
            self.customers.iter().flat_map(Customer::rejected).map(String::as_str).collect();
        let (mut numbers, mut listed) = (HashSet::new(), 0);
        let mut lists = ["", "&status=attempted"].into_iter();
        let mut list = lists.next();
        let mut cursor = String::new();
        while let Some(filter) = list {
            let path = format!("/api/v1/orders?limit={PAGE_ENTRIES}{filter}{cursor}");
            let page = fetch(client, Edge::Operator, &path).await?.json;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            let mut is_old = true;
            for order in &items {
                let id = order["id"].as_str().unwrap_or_default();
                let number = order["number"].as_str().unwrap_or_default().to_owned();
                ensure(numbers.insert(number), || format!("duplicate order number: {order}"))?;
                if known.contains(id) {
                    listed += 1;
                    continue;
                }
                is_old = false;
                let email = order["email"].as_str().unwrap_or_default();
                ensure(rejected.contains(email), || {
                    format!("an order that no customer placed: {order}")
                })?;
                let json = fetch_order(client, id).await?;
                check_balanced(&json).map_err(|violation| violation.context(&json))?;
                ensure(net_units_sold(&json) == Lines::new(), || {
                    format!("rejected, and yet not cancelled: {json}")
                })?;
            }
            match page["next_cursor"].as_str() {
                Some(next) if scope == CheckScope::All || !is_old => {
                    cursor = format!("&cursor={next}");
                }
                _ => {
                    list = lists.next();
                    cursor = String::new();
                }
            }
        }
        let is_complete = scope == CheckScope::Recent || listed == known.len();
        ensure(is_complete, || format!("{} orders were placed, {listed} are listed", known.len()))
    }

    /// Checks that nothing is held, and that units received are either on hand or sold.
    async fn check_stock_conservation(
        &self,
        client: &EdgeClient,
        scope: CheckScope,
    ) -> CheckResult {
        let mut units_received = Lines::new();
        let mut receipts: HashMap<&str, (&str, i64)> = HashMap::new();
        for receipt in self.customers.iter().flat_map(Customer::receipts) {
            *units_received.entry(receipt.sku.clone()).or_default() += receipt.quantity;
            receipts.insert(&receipt.reason, (&receipt.sku, receipt.quantity));
        }
        for sku in self.skus() {
            let path = format!("/api/v1/stock/{sku}");
            let stock = poll_until(client, &path, |stock| stock["held"] == 0).await?;
            let [received, sold] = [&units_received, &self.units_sold]
                .map(|units| units.get(sku).copied().unwrap_or_default());
            let expected = self.initial_units(sku) + received - sold;
            let is_conserved = stock["on_hand"] == expected && stock["available"] == expected;
            ensure(is_conserved && expected >= 0, || {
                format!("{sku}: {received} received, {sold} sold, {expected} expected, not {stock}")
            })?;
            if scope == CheckScope::All {
                for reason in check_movement_ledger(client, sku, expected, sold).await? {
                    let receipt = receipts.remove(reason.as_str());
                    ensure(receipt.is_some_and(|(of, _)| of == sku), || {
                        format!("{reason} of {sku} is recorded twice, or was never requested")
                    })?;
                }
            }
        }
        let is_complete = scope == CheckScope::Recent || receipts.is_empty();
        ensure(is_complete, || format!("these receipts are not in the ledger: {receipts:?}"))
    }
}

/// Checks that the movement ledger of a SKU adds up. Returns the reasons of its receipts.
async fn check_movement_ledger(
    client: &EdgeClient,
    sku: &str,
    on_hand: i64,
    sold: i64,
) -> CheckResult<Vec<String>> {
    let (mut incoming, mut outgoing) = (0, 0);
    let (mut reasons, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/stock/{sku}/movements?limit={PAGE_ENTRIES}{cursor}");
        let page = fetch(client, Edge::Operator, &path).await?.json;
        for movement in page["items"].as_array().into_iter().flatten() {
            let quantity = movement["quantity"].as_i64().unwrap_or_default();
            match movement["kind"].as_str() {
                Some("received") => {
                    incoming += quantity;
                    reasons.push(movement["reason"].as_str().unwrap_or_default().to_owned());
                }
                Some("adjusted") => incoming += quantity,
                _ => outgoing += quantity,
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ensure(incoming + outgoing == on_hand && -outgoing == sold, || {
        format!("{sku}: movements add up to {incoming} in and {outgoing} out; {on_hand} on hand")
    })?;
    Ok(reasons)
}
