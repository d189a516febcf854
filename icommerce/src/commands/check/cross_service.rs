//! Cross-service checks, based on the facts that each service derives from its own journal.

mod reconcile;

use super::{report::CheckReport, service::ServiceCheck};
use contracts::facts::{CartFacts, HoldFacts, OrderFacts, PaymentFacts};
use journal::maintenance::{Facts, Invariant};
use kernel::{Timestamp, Uuid};
use reconcile::Reconciler;
use serde::de::DeserializeOwned;
use storage::StorageError;

const CONSUMER_POSITION: &str = "no consumer is ahead of its feed";
const CROSS_SERVICE: &str = "between services";

/// Checks that no consumer's position is beyond the end of its feed.
pub(super) async fn check_consumers(
    services: &[ServiceCheck],
    report: &mut CheckReport,
) -> Result<(), StorageError> {
    for service in services {
        for subscription in &service.maintenance.subscriptions {
            let source = services.iter().find(|source| source.name == subscription.source);
            let Some(source) = source else { continue };
            let last = source.offline.storage.journal.last_position().await?;
            if last == 0 {
                continue;
            }
            let mut invariant = Invariant::new(CONSUMER_POSITION);
            match subscription.position().await {
                Ok(position) => invariant.hold(position <= last, || {
                    format!("{}: {position} of {last}", subscription.source)
                }),
                Err(StorageError::Corrupt(reason)) => invariant.hold(false, || reason),
                Err(error) => return Err(error),
            }
            (0..subscription.parked().await?).for_each(|_| invariant.waits());
            report.add(service.name, invariant);
        }
    }
    Ok(())
}

/// Reconciles orders, payments, stock and carts.
pub(super) async fn reconcile_services(
    services: &[ServiceCheck],
    now: Timestamp,
    report: &mut CheckReport,
) -> Result<(), StorageError> {
    let mut sources = FactSources::default();
    for service in services {
        if service.offline.storage.journal.last_position().await? == 0 {
            continue;
        }
        for facts in &service.maintenance.facts {
            match facts.kind {
                OrderFacts::KIND => sources.orders = Some(facts),
                PaymentFacts::KIND => sources.payments = Some(facts),
                HoldFacts::KIND => sources.holds = Some(facts),
                CartFacts::KIND => sources.carts = Some(facts),
                _ => {}
            }
        }
    }
    let Some(orders) = sources.orders else { return Ok(()) };
    let mut reconciler = Reconciler::new(now);
    for_each_fact(orders, async |order: OrderFacts| {
        sources.reconcile_order(&mut reconciler, &order).await
    })
    .await?;
    if let Some(payments) = sources.payments {
        for_each_fact(payments, async |payment: PaymentFacts| {
            let order = fact_of::<OrderFacts>(orders, payment.order_id.into()).await?;
            reconciler.payment(&payment, order.as_ref());
            Ok(())
        })
        .await?;
    }
    if let Some(holds) = sources.holds {
        for_each_fact(holds, async |hold: HoldFacts| {
            let Some(id) = hold.order_id else { return Ok(()) };
            let order = fact_of::<OrderFacts>(orders, id.into()).await?;
            reconciler.hold(&hold, order.as_ref());
            Ok(())
        })
        .await?;
    }
    if let Some(carts) = sources.carts {
        for_each_fact(carts, async |cart: CartFacts| {
            let Some(id) = cart.order_id else { return Ok(()) };
            let order = fact_of::<OrderFacts>(orders, id.into()).await?;
            reconciler.cart(&cart, order.as_ref());
            Ok(())
        })
        .await?;
    }
    for (kind, invariant) in reconciler.invariants() {
        let is_available = match kind {
            PaymentFacts::KIND => sources.payments.is_some(),
            HoldFacts::KIND => sources.holds.is_some(),
            _ => sources.carts.is_some(),
        };
        if is_available {
            report.add(CROSS_SERVICE, invariant);
        } else {
            report.not_applicable(CROSS_SERVICE, invariant.sentence);
        }
    }
    Ok(())
}

/// Facts available in this data folder.
#[derive(Default)]
struct FactSources<'a> {
    orders: Option<&'a Facts>,
    payments: Option<&'a Facts>,
    holds: Option<&'a Facts>,
    carts: Option<&'a Facts>,
}

impl FactSources<'_> {
    async fn reconcile_order(
        &self,
        reconciler: &mut Reconciler,
        order: &OrderFacts,
    ) -> Result<(), StorageError> {
        let Some(placed) = &order.placed else { return Ok(()) };
        if let Some(payments) = self.payments {
            let payment = fact_of(payments, placed.payment_id.into()).await?;
            reconciler.payment_of_order(order, placed, payment.as_ref());
        }
        if let Some(holds) = self.holds {
            let hold = fact_of(holds, placed.hold_id.into()).await?;
            reconciler.hold_of_order(order, placed, hold.as_ref());
        }
        if let (Some(carts), Some(id)) = (self.carts, placed.cart_id) {
            let cart = fact_of(carts, id.into()).await?;
            reconciler.cart_of_order(order, placed, cart.as_ref());
        }
        Ok(())
    }
}

async fn fact_of<T: DeserializeOwned>(facts: &Facts, id: Uuid) -> Result<Option<T>, StorageError> {
    facts.about(id).await?.map(read).transpose()
}

/// Applies `work` to every fact of a kind, one after the other.
async fn for_each_fact<T: DeserializeOwned>(
    facts: &Facts,
    mut work: impl AsyncFnMut(T) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut position = 0;
    while let Some((page, next)) = facts.page(position).await? {
        for fact in page {
            work(read(fact)?).await?;
        }
        position = next;
    }
    Ok(())
}

fn read<T: DeserializeOwned>(fact: serde_json::Value) -> Result<T, StorageError> {
    serde_json::from_value(fact).map_err(|error| StorageError::Corrupt(error.to_string()))
}
