//! What has to be true between services, from the facts that each of them states about its own books.

mod judging;

use super::{report::Report, service::Checked};
use contracts::facts::{CartFacts, HoldFacts, OrderFacts, PaymentFacts};
use journal::maintenance::{Facts, Invariant};
use judging::Judge;
use kernel::{Timestamp, Uuid};
use serde::de::DeserializeOwned;
use storage::StorageError;

const FOLLOWED: &str = "nobody has read further in a feed than it goes";
const BETWEEN: &str = "between services";

/// Nobody may be further than what it follows.
pub(super) async fn followers(
    services: &[Checked],
    report: &mut Report,
) -> Result<(), StorageError> {
    for service in services {
        for subscription in &service.maintenance.subscriptions {
            let source = services.iter().find(|source| source.name == subscription.source);
            let Some(source) = source else { continue };
            let last = source.offline.storage.journal.last_position().await?;
            if last == 0 {
                continue;
            }
            let mut invariant = Invariant::new(FOLLOWED);
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

/// Orders, payments, stock and carts tell the same story.
pub(super) async fn books(
    services: &[Checked],
    now: Timestamp,
    report: &mut Report,
) -> Result<(), StorageError> {
    let mut books = Books::default();
    for service in services {
        if service.offline.storage.journal.last_position().await? == 0 {
            continue;
        }
        for facts in &service.maintenance.facts {
            match facts.kind {
                OrderFacts::KIND => books.orders = Some(facts),
                PaymentFacts::KIND => books.payments = Some(facts),
                HoldFacts::KIND => books.holds = Some(facts),
                CartFacts::KIND => books.carts = Some(facts),
                _ => {}
            }
        }
    }
    let Some(orders) = books.orders else { return Ok(()) };
    let mut judge = Judge::at(now);
    each(orders, async |order: OrderFacts| books.judge_order(&mut judge, &order).await).await?;
    if let Some(payments) = books.payments {
        each(payments, async |payment: PaymentFacts| {
            let order = about::<OrderFacts>(orders, payment.order_id.into()).await?;
            judge.payment(&payment, order.as_ref());
            Ok(())
        })
        .await?;
    }
    if let Some(holds) = books.holds {
        each(holds, async |hold: HoldFacts| {
            let Some(id) = hold.order_id else { return Ok(()) };
            let order = about::<OrderFacts>(orders, id.into()).await?;
            judge.hold(&hold, order.as_ref());
            Ok(())
        })
        .await?;
    }
    if let Some(carts) = books.carts {
        each(carts, async |cart: CartFacts| {
            let Some(id) = cart.order_id else { return Ok(()) };
            let order = about::<OrderFacts>(orders, id.into()).await?;
            judge.cart(&cart, order.as_ref());
            Ok(())
        })
        .await?;
    }
    for (with, invariant) in judge.invariants() {
        let is_here = match with {
            PaymentFacts::KIND => books.payments.is_some(),
            HoldFacts::KIND => books.holds.is_some(),
            _ => books.carts.is_some(),
        };
        if is_here {
            report.add(BETWEEN, invariant);
        } else {
            report.not_here(BETWEEN, invariant.sentence);
        }
    }
    Ok(())
}

/// Whose books there are in this folder.
#[derive(Default)]
struct Books<'a> {
    orders: Option<&'a Facts>,
    payments: Option<&'a Facts>,
    holds: Option<&'a Facts>,
    carts: Option<&'a Facts>,
}

impl Books<'_> {
    async fn judge_order(&self, judge: &mut Judge, order: &OrderFacts) -> Result<(), StorageError> {
        let Some(placed) = &order.placed else { return Ok(()) };
        if let Some(payments) = self.payments {
            let payment = about(payments, placed.payment_id.into()).await?;
            judge.money_of(order, placed, payment.as_ref());
        }
        if let Some(holds) = self.holds {
            let hold = about(holds, placed.hold_id.into()).await?;
            judge.goods_of(order, placed, hold.as_ref());
        }
        if let (Some(carts), Some(id)) = (self.carts, placed.cart_id) {
            let cart = about(carts, id.into()).await?;
            judge.cart_of(order, placed, cart.as_ref());
        }
        Ok(())
    }
}

async fn about<T: DeserializeOwned>(facts: &Facts, id: Uuid) -> Result<Option<T>, StorageError> {
    facts.about(id).await?.map(read).transpose()
}

/// Does something with every fact of a kind, one after the other.
async fn each<T: DeserializeOwned>(
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
