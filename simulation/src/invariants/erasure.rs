//! Erasure of customers: once it is acknowledged, neither a read nor an export nor the journal shows them, whatever crashed or restarted
//! meanwhile. That nothing else of the orders has changed is for the other invariants to say, which hold for these orders as well.

use crate::{
    actors::erasures, client::ApiRequest, cluster::with_json, simulation::Simulation,
    violation::Violations,
};
use futures_util::FutureExt;
use http::Method;
use journal::READ_EVENTS_MAX;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const ERASED: &str = "an erased customer is shown nowhere";
const ORDERS: &str = "order-service";
/// How often an erasure is asked for before it counts as failed: it may meet a process that has just restarted.
const REQUESTS_MAX: usize = 10;
/// Pause between two requests.
const PAUSE: Duration = Duration::from_secs(2);
/// Limit of the pages of an export.
const PAGES_MAX: usize = 100;

/// Checks what was acknowledged, asks for all erasures again, and checks that they have come to their end.
pub(super) async fn check(sim: &Arc<Simulation>, violations: &mut Violations) {
    check_shown(sim, violations).await;
    let erasures = sim.observed.lock().erasures.clone();
    for erasure in erasures {
        let mut acknowledged = None;
        for _ in 0..REQUESTS_MAX {
            acknowledged = erasures::request(sim, &erasure.email).await;
            if acknowledged.is_some() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let Some(acknowledged) = acknowledged else {
            violations.add("everything settles", format!("{} is not erased", erasure.email));
            continue;
        };
        let mut observed = sim.observed.lock();
        let known = observed.erasures.iter_mut().filter(|known| known.email == erasure.email);
        for known in known {
            known.acknowledged = Some(acknowledged.open_obligations.clone());
        }
    }
    check_shown(sim, violations).await;
}

/// Checks that no erasure that was acknowledged is undone.
pub(super) async fn check_shown(sim: &Arc<Simulation>, violations: &mut Violations) {
    let erasures = sim.observed.lock().erasures.clone();
    for erasure in erasures {
        let Some(open) = erasure.acknowledged else { continue };
        let open: BTreeSet<String> = open.into_iter().collect();
        orders(sim, &erasure.email, &open, violations).await;
        if open.is_empty() {
            export(sim, &erasure.email, violations).await;
            journal(sim, &erasure.email, violations);
        }
    }
}

/// Orders that no obligation keeps open show nobody.
async fn orders(
    sim: &Arc<Simulation>,
    email: &str,
    open: &BTreeSet<String>,
    violations: &mut Violations,
) {
    let ended: Vec<String> = {
        let model = sim.oracle.model();
        let of_customer = model.orders.all.iter().filter(|(_, order)| order.email == email);
        let ended = of_customer.filter(|(_, order)| !open.contains(&order.number.to_string()));
        ended.map(|(id, _)| id.clone()).collect()
    };
    for order in ended {
        let request = ApiRequest::operator(Method::GET, format!("/api/v1/orders/{order}"));
        let shown = sim.client.send(request.retries_max(10)).await;
        let is_erased = shown.success().is_some_and(|shown| {
            shown["email"] == ""
                && shown["customer_erased"] == true
                && shown["shipping_address"]["name"] == ""
                && shown["shipping_address"]["line1"] == ""
                && !shows(&shown.to_string(), email)
        });
        violations.check(is_erased, ERASED, || format!("{email}: order {order} is {shown:?}"));
    }
}

async fn export(sim: &Arc<Simulation>, email: &str, violations: &mut Violations) {
    let customers = erasures::customers(sim);
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let Ok(page) = customers.export(email.to_owned(), after).await else { return };
        violations.check(page.orders.is_empty(), ERASED, || {
            format!("the export of {email} has {:?}", page.orders)
        });
        after = page.next;
        if after.is_none() {
            return;
        }
    }
}

/// Whether a JSON text has this address, as a string that begins with it: the address of somebody else may end like it.
fn shows(text: &str, email: &str) -> bool {
    text.contains(&format!("\"{email}"))
}

/// No event of an order or a saga shows a customer whose key is gone.
fn journal(sim: &Simulation, email: &str, violations: &mut Violations) {
    let Some(storage) = sim.cluster.storage_of(ORDERS) else { return };
    let (journal, mut after) = (storage.journal, 0);
    loop {
        let Some(Ok(page)) = journal.follow(after, READ_EVENTS_MAX).now_or_never() else { return };
        for event in &page {
            after = event.position;
            let shown = with_json(ORDERS, event).unwrap_or_else(|_| event.clone());
            let text = String::from_utf8_lossy(&shown.data);
            violations.check(!shows(&text, email), ERASED, || {
                format!("{} of {} shows {email}", event.name, event.stream)
            });
        }
        if page.len() < READ_EVENTS_MAX {
            return;
        }
    }
}
