//! Followers: the consumers of the services' feeds, which must have caught up once nothing is in progress any more.
//!
//! The audit log follows every feed, and has an activity for each order, cancellation and receipt of stock; the catalogue follows stock.
//! What the order service does with the events of payments is seen in the orders themselves.

use crate::{
    client::{Edge, EdgeClient},
    customer::{Customer, Unfollowed},
    fetch::{fetch, poll_until},
    violation::{CheckResult, Violation, ensure},
    workload::Workload,
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

/// Entries of a page.
const PAGE_ENTRIES: usize = 200;
/// Attempts until a follower must have caught up: two minutes' worth.
const ATTEMPTS_MAX: usize = 1_200;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(100);

impl Workload {
    /// Checks that every follower works, and has taken in what has been settled since the previous check.
    pub(crate) async fn check_followers(&mut self, client: &EdgeClient) -> CheckResult {
        let works = |health: &Value| {
            let components = health["components"].as_object().into_iter().flatten();
            components.clone().count() > 0
                && components.into_iter().all(|(_, it)| it["status"] == "UP")
        };
        poll_until(client, "/health", works).await?;
        let mut unfollowed = Unfollowed::default();
        self.customers.iter_mut().for_each(|customer| customer.take_unfollowed(&mut unfollowed));
        let Unfollowed { orders, cancelled, receipts } = unfollowed;
        check_activities(client, "order.placed", "number", &orders).await?;
        check_activities(client, "order.cancelled", "number", &cancelled).await?;
        check_activities(client, "stock.changed", "reason", &receipts).await?;
        for (sku, product) in &self.products {
            check_availability(client, sku, product).await?;
        }
        Ok(())
    }
}

/// Checks that the audit log has an activity for each of these names, which are in the details of its events.
async fn check_activities(
    client: &EdgeClient,
    action: &str,
    detail: &str,
    names: &BTreeSet<String>,
) -> CheckResult {
    let mut missing = names.clone();
    for _ in 0..ATTEMPTS_MAX {
        missing = missing_activities(client, action, detail, names).await?;
        if missing.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(ATTEMPT_INTERVAL).await;
    }
    let (count, examples) = (missing.len(), missing.iter().take(5).collect::<Vec<_>>());
    Err(Violation::new(format!(
        "the audit log has {action} of {} and not of {count} others, such as {examples:?}",
        names.len() - count
    )))
}

/// Names without an activity.
async fn missing_activities(
    client: &EdgeClient,
    action: &str,
    detail: &str,
    names: &BTreeSet<String>,
) -> CheckResult<BTreeSet<String>> {
    let mut missing = names.clone();
    let mut cursor = String::new();
    while !missing.is_empty() {
        let path = format!("/api/v1/audit?action={action}&limit={PAGE_ENTRIES}{cursor}");
        let page = fetch(client, Edge::Operator, &path).await?.json;
        for activity in page["items"].as_array().into_iter().flatten() {
            let name = activity["details"][detail].as_str().unwrap_or_default();
            ensure(missing.remove(name) || !names.contains(name), || {
                format!("the audit log has {action} of {name} twice")
            })?;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(missing)
}

/// Checks that the catalogue offers a product if, and only if, there is stock of it.
async fn check_availability(client: &EdgeClient, sku: &str, product: &str) -> CheckResult {
    let path = format!("/api/v1/stock/{sku}");
    let available = fetch(client, Edge::Operator, &path).await?.json["available"].as_i64();
    let is_shown = |product: &Value| {
        product["variants"][0]["in_stock"].as_bool() == available.map(|units| units > 0)
    };
    poll_until(client, &format!("/api/v1/products/{product}"), is_shown).await.map(drop)
}

impl Customer {
    /// Adds what has been settled since the previous call.
    fn take_unfollowed(&mut self, unfollowed: &mut Unfollowed) {
        let (orders, receipts) = self.followed;
        for order in &self.settled()[orders..] {
            unfollowed.orders.insert(order.number.clone());
            if order.status == "cancelled" {
                unfollowed.cancelled.insert(order.number.clone());
            }
        }
        unfollowed.receipts.extend(self.receipts()[receipts..].iter().map(|it| it.reason.clone()));
        self.followed = (self.settled().len(), self.receipts().len());
    }
}
