//! Quiescence (liveness): once all faults are withdrawn, everything that was begun settles within a bound.

use crate::{model::Payment, simulation::Simulation};
use futures_util::FutureExt;
use std::{sync::Arc, time::Duration};
use storage::{Collection, StoredDocument};

/// Simulated seconds within which everything must settle: the longest wait for a payment, the longest back-off of a
/// saga, a circuit breaker and a consumer, and a margin.
const QUIESCENCE_SECONDS_MAX: u64 = 900;
/// Simulated time between two looks.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Collection in which consumers keep their positions.
static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// Subscription of a consumer group to the feed of a service.
struct Subscription {
    group: &'static str,
    consumer: &'static str,
    /// Whether the position is kept in the consumer's bulk storage.
    is_bulk: bool,
    source: &'static str,
}

/// All subscriptions of the shop.
const SUBSCRIPTIONS: &[Subscription] = &[
    audit("product-service"),
    audit("shopping-cart-service"),
    audit("inventory-service"),
    audit("payment-service"),
    audit("order-service"),
    subscription("product-service", "inventory-service"),
    subscription("order-service", "payment-service"),
];

const fn audit(source: &'static str) -> Subscription {
    Subscription { group: "audit", consumer: "audit-service", is_bulk: true, source }
}

const fn subscription(consumer: &'static str, source: &'static str) -> Subscription {
    Subscription { group: consumer, consumer, is_bulk: false, source }
}

/// Waits for quiescence. Whether it came in time.
pub(super) async fn wait(sim: &Arc<Simulation>) -> bool {
    let until = sim.env.now_ms() + QUIESCENCE_SECONDS_MAX * 1_000;
    loop {
        let Some(unsettled) = find_unsettled(sim) else { return true };
        if sim.env.now_ms() > until {
            let what = format!("{QUIESCENCE_SECONDS_MAX} s after the last fault: {unsettled}");
            sim.env.report_violation("everything settles", what);
            return false;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Something that has not settled.
fn find_unsettled(sim: &Simulation) -> Option<String> {
    if let Some(unready) = sim.cluster.find_unready() {
        return Some(unready);
    }
    let model = sim.oracle.model();
    if let Some(saga) = model.unfinished_sagas.first() {
        return Some(format!("saga {saga} has not ended"));
    }
    let pending = model.orders.all.iter().find(|(_, order)| order.status.as_str() == "pending");
    if let Some((id, _)) = pending {
        return Some(format!("order {id} is pending"));
    }
    let open = model.payments.all.iter().find(|(_, payment)| !Payment::is_settled(payment));
    if let Some((id, payment)) = open {
        return Some(format!("payment {id} is {}", payment.state));
    }
    drop(model);
    SUBSCRIPTIONS.iter().find_map(|subscription| {
        let (reached, last) = consumer_progress(sim, subscription)?;
        let Subscription { group, source, .. } = subscription;
        (reached != last)
            .then(|| format!("{group} has consumed {source} up to {reached} of {last}"))
    })
}

/// Position of a consumer, and the last position of its source.
fn consumer_progress(sim: &Simulation, subscription: &Subscription) -> Option<(u64, u64)> {
    let Subscription { group, consumer, is_bulk, source } = subscription;
    let storage =
        if *is_bulk { sim.cluster.bulk_of(consumer) } else { sim.cluster.storage_of(consumer) }?;
    let key = format!("{group}.{source}");
    let stored = storage.documents.find(&INBOX, &key).now_or_never()?.ok()?;
    // Stored as `position event-id`.
    let position_of = |stored: &StoredDocument| {
        String::from_utf8_lossy(&stored.body).split(' ').next().and_then(|text| text.parse().ok())
    };
    let reached = stored.as_ref().and_then(position_of);
    let journal = sim.cluster.storage_of(source)?.journal;
    let last = journal.last_position().now_or_never()?.ok()?;
    Some((reached.unwrap_or(0), last))
}
