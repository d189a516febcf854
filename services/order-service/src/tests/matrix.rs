//! The sagas of the service, broken in every way the failure matrix knows.

use super::town::{CART, ORDER, TOTAL, Town, checkout};
use crate::{
    application::{
        cancellation_saga::{CancellationCase, cancellation_saga},
        checkout_case::{
            CapturePolicy, CheckoutCase, cancellation_id, checkout_id, fulfilment_id, hold_id,
            payment_id,
        },
        checkout_saga::{Others, checkout_saga},
        fulfilment_saga::{FulfilmentCase, fulfilment_saga},
        orders::stream,
        refund_saga::{RefundCase, Wanted, refund_saga},
    },
    domain::{
        events::Status,
        order::{Order, Shipment},
        refund::RefundState,
    },
};
use async_trait::async_trait;
use journal::{Aggregate, Journal};
use kernel::{Currency, Ids, Money, Uuid};
use saga::{Saga, SagaState, failure_matrix};
use std::{sync::Arc, time::Duration};

impl failure_matrix::World for Town {
    fn journal(&self) -> Arc<dyn Journal> {
        self.storage().journal
    }

    fn ids(&self) -> Ids {
        Self::ids(self)
    }
}

/// The parts of a process that runs sagas of the failure matrix.
async fn others(
    town: &Town,
    journal: Arc<dyn Journal>,
    points: &Arc<failure_matrix::Points>,
) -> Others {
    let spawn: saga::Spawn = Arc::new(|_| panic!("the failure_matrix spawns"));
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
    confirmed(Town::new()).await
}

/// This town, once the order was placed.
async fn confirmed(town: Town) -> Town {
    let process = town.start().await;
    let found = process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!(found.order.status, Status::Confirmed);
    process.kill();
    town
}

struct Checkouts {
    token: &'static str,
    sold_out: bool,
    capture: CapturePolicy,
}

impl Checkouts {
    fn paid_with(token: &'static str) -> Self {
        Self { token, sold_out: false, capture: CapturePolicy::AtConfirmation }
    }
}

#[async_trait]
impl failure_matrix::Subject for Checkouts {
    type SagaInput = CheckoutCase;
    type World = Town;

    async fn world(&self) -> Town {
        let town = Town { capture: self.capture, ..Town::new() };
        if self.sold_out {
            town.stock.lock().sell_out();
        }
        town
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::Points>,
    ) -> Saga<CheckoutCase> {
        checkout_saga(&others(town, journal, points).await, Duration::from_hours(1))
    }

    fn case(&self) -> (Uuid, CheckoutCase) {
        let town = Town { capture: self.capture, ..Town::new() };
        (checkout_id(ORDER), checkout(&town, self.token))
    }

    async fn judge(&self, town: &Town, end: SagaState) -> Result<(), String> {
        let order = order(town).await;
        if end == SagaState::Done {
            let order = order.ok_or("there is no order")?;
            let (captured, right) = match self.capture {
                CapturePolicy::AtConfirmation => (TOTAL, town.is_sold(ORDER)),
                CapturePolicy::AtFulfilment => (0, town.is_promised(ORDER)),
            };
            if order.status != Status::Confirmed || order.captured.amount != captured {
                return Err(format!("the order is {order:?}"));
            }
            return right;
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
    let runs = failure_matrix::prove(&Checkouts::paid_with("success")).await;
    assert!(runs > 1_000, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_waits_for_the_bank_ends_sold_or_clean() {
    failure_matrix::prove(&Checkouts::paid_with("slow")).await;
}

#[tokio::test(start_paused = true)]
async fn a_declined_checkout_leaves_nothing_behind() {
    failure_matrix::prove(&Checkouts::paid_with("decline")).await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_only_sets_money_aside_ends_promised_or_clean() {
    let capture = CapturePolicy::AtFulfilment;
    failure_matrix::prove(&Checkouts { capture, ..Checkouts::paid_with("success") }).await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_without_stock_never_asks_for_money() {
    let subject = Checkouts { sold_out: true, ..Checkouts::paid_with("success") };
    failure_matrix::prove(&subject).await;
}

/// Of an order that was confirmed in such a town.
struct Cancellations(CapturePolicy);

#[async_trait]
impl failure_matrix::Subject for Cancellations {
    type SagaInput = CancellationCase;
    type World = Town;

    async fn world(&self) -> Town {
        confirmed(Town { capture: self.0, ..Town::new() }).await
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::Points>,
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

    async fn judge(&self, town: &Town, end: SagaState) -> Result<(), String> {
        let order = order(town).await.ok_or("there is no order")?;
        if end == SagaState::Undone {
            return match order.status {
                Status::Confirmed if order.cancel.is_none() => match self.0 {
                    CapturePolicy::AtConfirmation => town.is_sold(ORDER),
                    CapturePolicy::AtFulfilment => town.is_promised(ORDER),
                },
                _ => Err(format!("the order is {order:?}")),
            };
        }
        let refunded = match self.0 {
            CapturePolicy::AtConfirmation => TOTAL,
            CapturePolicy::AtFulfilment => 0,
        };
        if order.status != Status::Cancelled || order.refunded() != refunded {
            return Err(format!("the order is {order:?}"));
        }
        town.stock.lock().stands_at(10, 0)?;
        town.payments.lock().owes_nothing()
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_back_money_and_goods_once() {
    failure_matrix::prove(&Cancellations(CapturePolicy::AtConfirmation)).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_the_goods_leave_sets_the_money_free() {
    failure_matrix::prove(&Cancellations(CapturePolicy::AtFulfilment)).await;
}

struct Fulfilments;

#[async_trait]
impl failure_matrix::Subject for Fulfilments {
    type SagaInput = FulfilmentCase;
    type World = Town;

    async fn world(&self) -> Town {
        confirmed(Town::that_captures_at_fulfilment()).await
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::Points>,
    ) -> Saga<FulfilmentCase> {
        fulfilment_saga(&others(town, journal, points).await)
    }

    fn case(&self) -> (Uuid, FulfilmentCase) {
        let case = FulfilmentCase { order_id: ORDER, payment_id: payment_id(ORDER) };
        (fulfilment_id(ORDER, 0), case)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "request" || step == "capture"
    }

    async fn judge(&self, town: &Town, end: SagaState) -> Result<(), String> {
        let order = order(town).await.ok_or("there is no order")?;
        if end == SagaState::Undone {
            return match (order.status, order.shipment) {
                (Status::Confirmed, Shipment::NotYet) => town.is_promised(ORDER),
                _ => Err(format!("the order is {order:?}")),
            };
        }
        if order.status != Status::Completed || order.captured.amount != TOTAL {
            return Err(format!("the order is {order:?}"));
        }
        town.is_sold(ORDER)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fulfilment_takes_the_money_once_or_leaves_the_goods_where_they_are() {
    failure_matrix::prove(&Fulfilments).await;
}

struct Refunds;

/// One of the two mugs.
const REFUND: i64 = 1_800;

#[async_trait]
impl failure_matrix::Subject for Refunds {
    type SagaInput = RefundCase;
    type World = Town;

    async fn world(&self) -> Town {
        sold().await
    }

    async fn saga(
        &self,
        town: &Town,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::Points>,
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

    async fn judge(&self, town: &Town, end: SagaState) -> Result<(), String> {
        let order = order(town).await.ok_or("there is no order")?;
        let done = order.refunds.iter().filter(|given| given.state == RefundState::Done);
        let done: Vec<i64> = done.map(|given| given.refund.amount.amount).collect();
        let reserved = order.refunds.iter().any(|given| given.state == RefundState::Reserved);
        let (wanted, mugs) = match end {
            SagaState::Done => (vec![REFUND], 9),
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
    failure_matrix::prove(&Refunds).await;
}
