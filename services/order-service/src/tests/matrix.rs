//! The sagas of the service, broken in every way the kit knows.

use super::town::{CART, ORDER, TOTAL, Town, checkout};
use crate::{
    application::{
        cancellation_saga::{CancellationCase, cancellation_saga},
        checkout_case::{CheckoutCase, cancellation_id, checkout_id, hold_id, payment_id},
        checkout_saga::{Others, checkout_saga},
        orders::stream,
        refund_saga::{RefundCase, Wanted, refund_saga},
    },
    domain::{events::Status, order::Order, refund::RefundState},
};
use async_trait::async_trait;
use journal::{Aggregate, Journal};
use kernel::{Currency, Ids, Money, Uuid};
use saga::{Saga, State, kit};
use std::{sync::Arc, time::Duration};

/// The parts of a process that runs sagas of the kit.
async fn others(town: &Town, journal: Arc<dyn Journal>, points: &Arc<kit::Points>) -> Others {
    let spawn: saga::Spawn = Arc::new(|_| panic!("the kit spawns"));
    town.parts(journal, points, spawn).others().await.unwrap()
}

/// The order as the journal tells it, to whoever never saw it before.
async fn order(town: &Town) -> Option<Order> {
    let events = town.storage().journal.read(&stream(ORDER), 0, 100).await.unwrap();
    events
        .iter()
        .fold(None, |order, recorded| Some(Order::evolve(order, &Order::decode(recorded).unwrap())))
}

/// A town where the order was placed and paid for.
async fn sold() -> Town {
    let town = Town::new();
    let process = town.start().await;
    let found = process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!(found.order.status, Status::Confirmed);
    process.kill();
    town
}

struct Checkouts {
    token: &'static str,
    sold_out: bool,
}

#[async_trait]
impl kit::Subject for Checkouts {
    type Case = CheckoutCase;
    type World = Town;

    async fn world(&self) -> Town {
        let town = Town::new();
        if self.sold_out {
            town.stock.lock().sell_out();
        }
        town
    }

    fn journal(&self, town: &Town) -> Arc<dyn Journal> {
        town.storage().journal
    }

    fn ids(&self) -> Ids {
        Town::new().ids()
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<kit::Points>,
    ) -> Saga<CheckoutCase> {
        checkout_saga(&others(town, journal, points).await, Duration::from_hours(1))
    }

    fn case(&self) -> (Uuid, CheckoutCase) {
        (checkout_id(ORDER), checkout(&Town::new(), self.token))
    }

    async fn judge(&self, town: &Town, end: State) -> Result<(), String> {
        let order = order(town).await;
        if end == State::Done {
            let order = order.ok_or("there is no order")?;
            if order.status != Status::Confirmed || order.captured.amount != TOTAL {
                return Err(format!("the order is {order:?}"));
            }
            return town.is_sold(ORDER);
        }
        if order.as_ref().is_some_and(|order| order.status != Status::Cancelled) {
            return Err(format!("the order is {order:?}"));
        }
        if self.sold_out {
            return town.carts.lock().is_open(CART);
        }
        town.is_clean()
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkout_ends_sold_or_clean_whatever_happens() {
    let runs = kit::prove(&Checkouts { token: "success", sold_out: false }).await;
    assert!(runs > 1_000, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_waits_for_the_bank_ends_sold_or_clean() {
    kit::prove(&Checkouts { token: "slow", sold_out: false }).await;
}

#[tokio::test(start_paused = true)]
async fn a_declined_checkout_leaves_nothing_behind() {
    kit::prove(&Checkouts { token: "decline", sold_out: false }).await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_without_stock_never_asks_for_money() {
    let subject = Checkouts { token: "success", sold_out: true };
    kit::prove(&subject).await;
}

struct Cancellations;

#[async_trait]
impl kit::Subject for Cancellations {
    type Case = CancellationCase;
    type World = Town;

    async fn world(&self) -> Town {
        sold().await
    }

    fn journal(&self, town: &Town) -> Arc<dyn Journal> {
        town.storage().journal
    }

    fn ids(&self) -> Ids {
        Town::new().ids()
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<kit::Points>,
    ) -> Saga<CancellationCase> {
        cancellation_saga(&others(town, journal, points).await)
    }

    fn case(&self) -> (Uuid, CancellationCase) {
        let case = CancellationCase {
            order_id: ORDER,
            hold_id: hold_id(ORDER),
            payment_id: Some(payment_id(ORDER)),
            reason: Some("changed my mind".to_owned()),
        };
        (cancellation_id(ORDER), case)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "request"
    }

    async fn judge(&self, town: &Town, end: State) -> Result<(), String> {
        let order = order(town).await.ok_or("there is no order")?;
        if end == State::Undone {
            return match order.status {
                Status::Confirmed if order.cancel.is_none() => town.is_sold(ORDER),
                _ => Err(format!("the order is {order:?}")),
            };
        }
        if order.status != Status::Cancelled || order.refunded() != TOTAL {
            return Err(format!("the order is {order:?}"));
        }
        town.stock.lock().stands_at(10, 0)?;
        town.payments.lock().owes_nothing()
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_back_money_and_goods_once() {
    kit::prove(&Cancellations).await;
}

struct Refunds;

/// One of the two mugs.
const REFUND: i64 = 1_800;

#[async_trait]
impl kit::Subject for Refunds {
    type Case = RefundCase;
    type World = Town;

    async fn world(&self) -> Town {
        sold().await
    }

    fn journal(&self, town: &Town) -> Arc<dyn Journal> {
        town.storage().journal
    }

    fn ids(&self) -> Ids {
        Town::new().ids()
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<kit::Points>,
    ) -> Saga<RefundCase> {
        refund_saga(&others(town, journal, points).await)
    }

    fn case(&self) -> (Uuid, RefundCase) {
        let refund_id = Uuid::from_u128(0xf00d);
        let case = RefundCase {
            order_id: ORDER,
            refund_id,
            hold_id: hold_id(ORDER),
            payment_id: payment_id(ORDER),
            what: Wanted::Units(vec![("MUG".to_owned(), 1)]),
            restock: true,
            reason: "broken".to_owned(),
        };
        (refund_id, case)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "pay_back"
    }

    async fn judge(&self, town: &Town, end: State) -> Result<(), String> {
        let order = order(town).await.ok_or("there is no order")?;
        let done = order.refunds.iter().filter(|given| given.state == RefundState::Done);
        let done: Vec<i64> = done.map(|given| given.refund.amount.amount).collect();
        let reserved = order.refunds.iter().any(|given| given.state == RefundState::Reserved);
        let (wanted, mugs) = match end {
            State::Done => (vec![REFUND], 9),
            _ => (vec![], 8),
        };
        if reserved
            || done != wanted
            || town.payments.lock().refunded() != wanted.iter().sum::<i64>()
        {
            return Err(format!("the refunds are {:?}", order.refunds));
        }
        let left = TOTAL - wanted.iter().sum::<i64>();
        if order.refundable() != Money::new(left, Currency::EUR) {
            return Err(format!("{} are left", order.refundable()));
        }
        town.stock.lock().stands_at(mugs, 0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_gives_back_once_or_not_at_all() {
    kit::prove(&Refunds).await;
}
