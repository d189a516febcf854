//! Refunds through the use case: concurrent, repeated, and mixed with cancellations.

use super::test_world::{ORDER, Process, TOTAL, TestWorld, checkout, payments::FakeRefunds, sku};
use crate::domain::{
    events::{OrderStatus, RefundScope},
    payment_status::PaymentStatus,
    refund::{RefundRequest, RefundState},
};
use contracts::codes;
use identifiers::RefundId;
use kernel::{Currency, Money, Problem, Uuid};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

async fn sold() -> (TestWorld, Arc<Process>) {
    let world = TestWorld::new();
    let process = Arc::new(world.start().await);
    process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    (world, process)
}

fn request(id: u128, scope: RefundScope) -> RefundRequest {
    let (id, reason) = (RefundId(Uuid::from_u128(id)), "goodwill".to_owned());
    RefundRequest { id, scope, restock: false, reason, reference: None }
}

fn euro(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_concurrent_refunds_never_exceed_the_captured_amount() {
    let (world, process) = sold().await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let process = Arc::clone(&process);
        tasks.spawn(async move {
            let refund = process.use_cases.refund.clone();
            refund
                .execute(ORDER, request(1_000 + number, RefundScope::Sum(euro(100))))
                .await
                .map_err(Problem::from)
        });
    }
    let answers = tasks.join_all().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 40, "4090 are enough for forty refunds of 100");
    for refusal in refused {
        let problem = refusal.unwrap_err();
        assert_eq!(problem.code, codes::EXCEEDS_REFUNDABLE);
        assert!(problem.facts["refundable"]["amount"].as_i64().unwrap() < 100);
    }
    assert_eq!(world.payments.lock().refunded(), 4_000);
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!((order.refunded(), order.refundable()), (4_000, euro(TOTAL - 4_000)));
    assert_eq!(order.payment_status(), PaymentStatus::PartiallyRefunded);
}

#[tokio::test(start_paused = true)]
async fn a_refund_requested_twice_is_one_refund() {
    let (world, process) = sold().await;
    let refund = &process.use_cases.refund;
    let first = refund.execute(ORDER, request(1, RefundScope::Sum(euro(500)))).await.unwrap();
    let again = refund.execute(ORDER, request(1, RefundScope::Sum(euro(500)))).await.unwrap();
    assert_eq!(first.version, again.version);
    assert_eq!(world.payments.lock().refunded(), 500);
    let other = refund.execute(ORDER, request(1, RefundScope::Sum(euro(501)))).await.unwrap_err();
    assert_eq!(Problem::from(other).code, kernel::codes::IDEMPOTENCY_KEY_REUSED);
}

#[tokio::test(start_paused = true)]
async fn a_refund_of_the_rest_refunds_everything_that_is_left() {
    let (world, process) = sold().await;
    let refund = &process.use_cases.refund;
    refund.execute(ORDER, request(1, RefundScope::Units(vec![(sku("mug"), 1)]))).await.unwrap();
    let rest = RefundRequest { restock: true, ..request(2, RefundScope::Rest) };
    let found = refund.execute(ORDER, rest).await.unwrap();
    assert_eq!(found.order.refunded(), TOTAL);
    assert_eq!(found.order.payment_status(), PaymentStatus::Refunded);
    let tax: i64 = found.order.refunds.iter().map(|record| record.refund.tax.amount).sum();
    assert_eq!(tax, found.order.placed.totals.tax.amount);
    world.payments.lock().owes_nothing().unwrap();
    world.stock.lock().has_units(9, 0).unwrap();
    // Everything is refunded and nothing shipped: it can still be cancelled, and the units are restocked once.
    let cancelled = process.use_cases.cancel.execute(ORDER, None).await.unwrap();
    assert_eq!(cancelled.order.status(), OrderStatus::Cancelled);
    assert_eq!(cancelled.order.payment_status(), PaymentStatus::Refunded);
    world.stock.lock().has_units(10, 0).unwrap();
    world.payments.lock().owes_nothing().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refund_that_was_promised_is_made_before_a_later_cancellation() {
    let (world, process) = sold().await;
    world.payments.lock().refunds = FakeRefunds::Unavailable;
    let mug = RefundScope::Units(vec![(sku("mug"), 1)]);
    let refund = RefundRequest { restock: true, ..request(1, mug) };
    let promised = process.use_cases.refund.execute(ORDER, refund.clone()).await.unwrap();
    assert_eq!(promised.order.refund(refund.id).unwrap().state, RefundState::Reserved);
    let cancelling = process.use_cases.cancel.execute(ORDER, None).await.unwrap();
    assert_eq!(cancelling.order.status(), OrderStatus::Confirmed);
    // Far more attempts than either saga makes before it counts as stuck.
    tokio::time::sleep(Duration::from_mins(30)).await;
    let waiting = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(waiting.refund(refund.id).unwrap().state, RefundState::Reserved);
    assert_eq!((waiting.status(), world.payments.lock().refunded()), (OrderStatus::Confirmed, 0));
    world.payments.lock().refunds = FakeRefunds::Made;
    tokio::time::sleep(Duration::from_mins(30)).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status(), OrderStatus::Cancelled);
    assert_eq!(order.refund(refund.id).unwrap().state, RefundState::Done);
    assert_eq!(order.payment_status(), PaymentStatus::Refunded);
    world.payments.lock().owes_nothing().unwrap();
    world.stock.lock().has_units(10, 0).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shipped_order_cannot_be_cancelled_but_refunded() {
    let (world, process) = sold().await;
    let fulfilled = process.use_cases.fulfil.execute(ORDER).await.unwrap();
    assert_eq!(fulfilled.order.status(), OrderStatus::Completed);
    let again = process.use_cases.fulfil.execute(ORDER).await.unwrap();
    assert_eq!(again.version, fulfilled.version);
    let refused = Problem::from(process.use_cases.cancel.execute(ORDER, None).await.unwrap_err());
    assert_eq!(refused.code, codes::ALREADY_SHIPPED);
    let found =
        process.use_cases.refund.execute(ORDER, request(1, RefundScope::Rest)).await.unwrap();
    assert_eq!((found.order.status(), found.order.refunded()), (OrderStatus::Completed, TOTAL));
    world.stock.lock().has_units(8, 0).unwrap();
}
