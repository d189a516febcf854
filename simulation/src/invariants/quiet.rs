//! Liveness: once nothing breaks any more, everything that was begun ends within a bound.

use crate::{books::Payment, world::World};
use futures_util::FutureExt;
use std::{sync::Arc, time::Duration};
use storage::Collection;

/// How long everything may take to end, in simulated seconds: the longest wait for a payment, the longest pause of a
/// saga, a breaker and a consumer, and some more.
const BOUND_SECONDS: u64 = 900;
const PAUSE: Duration = Duration::from_secs(2);

/// Where consumers keep how far they have come.
static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// Who follows whom: group, service, whether it keeps its progress with its bulk, source.
const FOLLOWERS: &[(&str, &str, bool, &str)] = &[
    ("audit", "audit-service", true, "product-service"),
    ("audit", "audit-service", true, "shopping-cart-service"),
    ("audit", "audit-service", true, "inventory-service"),
    ("audit", "audit-service", true, "payment-service"),
    ("audit", "audit-service", true, "order-service"),
    ("product-service", "product-service", false, "inventory-service"),
    ("order-service", "order-service", false, "payment-service"),
];

/// Waits until all is quiet. Whether it became so in time.
pub(super) async fn wait(world: &Arc<World>) -> bool {
    let until = world.now_ms() + BOUND_SECONDS * 1_000;
    loop {
        let Some(unfinished) = unfinished(world) else { return true };
        if world.now_ms() > until {
            let what = format!("{BOUND_SECONDS} s after the last fault: {unfinished}");
            world.violated("everything ends", what);
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What has not ended.
fn unfinished(world: &World) -> Option<String> {
    if let Some(process) = world.processes.iter().find(|process| !process.is_up()) {
        return Some(format!("{} is not up", process.name()));
    }
    for process in &world.processes {
        let engine = process.engine();
        if engine.disk().unflushed() + engine.bulk_disk().unflushed() > 0 {
            return Some(format!("{} has something to flush", process.name()));
        }
    }
    let books = world.books.lock();
    if let Some(saga) = books.unfinished_sagas.first() {
        return Some(format!("saga {saga} has not ended"));
    }
    let pending = books.orders.all.iter().find(|(_, order)| order.status.word() == "pending");
    if let Some((id, _)) = pending {
        return Some(format!("order {id} is pending"));
    }
    let open = books.money.all.iter().find(|(_, payment)| !Payment::is_settled(payment));
    if let Some((id, payment)) = open {
        return Some(format!("payment {id} is {}", payment.state));
    }
    drop(books);
    FOLLOWERS.iter().find_map(|(group, service, is_bulk, source)| {
        let (reached, last) = progress(world, group, service, *is_bulk, source)?;
        (reached != last).then(|| format!("{group} has followed {source} to {reached} of {last}"))
    })
}

/// How far a consumer has come, and how far it has to come.
fn progress(
    world: &World,
    group: &str,
    service: &'static str,
    is_bulk: bool,
    source: &'static str,
) -> Option<(u64, u64)> {
    let (home, from) = (world.home_of(service)?.engine(), world.home_of(source)?.engine());
    let storage = if is_bulk { home.bulk(service) } else { home.service(service) };
    let key = format!("{group}.{source}");
    let stored = storage.documents.find(&INBOX, &key).now_or_never()?.ok()?;
    let reached = stored.and_then(|stored| String::from_utf8_lossy(&stored.body).parse().ok());
    let last = from.service(source).journal.last_position().now_or_never()?.ok()?;
    Some((reached.unwrap_or(0), last))
}
