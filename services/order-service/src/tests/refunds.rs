//! Giving money back through the use case: many at once, repeated, and with cancellations between.

use super::town::{ORDER, Process, TOTAL, Town, checkout};
use crate::{
    application::{refund_order::Asked, refund_saga::Wanted},
    domain::{events::Status, payment_status::PaymentStatus},
};
use contracts::codes;
use kernel::{Currency, Money, Problem, Uuid};
use std::sync::Arc;
use tokio::task::JoinSet;

async fn sold() -> (Town, Arc<Process>) {
    let town = Town::new();
    let process = Arc::new(town.start().await);
    process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    (town, process)
}

fn asked(id: u128, what: Wanted) -> Asked {
    let (refund_id, reason) = (Uuid::from_u128(id), "goodwill".to_owned());
    Asked { order_id: ORDER, refund_id, what, restock: false, reason }
}

fn euro(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_refunds_at_once_never_exceed_what_was_taken() {
    let (town, process) = sold().await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let process = Arc::clone(&process);
        tasks.spawn(async move {
            let refund = process.use_cases.refund.clone();
            refund.run(asked(1_000 + number, Wanted::Sum(euro(100)))).await.map_err(Problem::from)
        });
    }
    let answers = tasks.join_all().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 40, "4090 are left for forty times 100");
    for refusal in refused {
        let problem = refusal.unwrap_err();
        assert_eq!(problem.code, codes::EXCEEDS_REFUNDABLE);
        assert!(problem.facts["refundable"]["amount"].as_i64().unwrap() < 100);
    }
    assert_eq!(town.payments.lock().refunded(), 4_000);
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!((order.refunded(), order.refundable()), (4_000, euro(TOTAL - 4_000)));
    assert_eq!(order.payment_status(), PaymentStatus::PartiallyRefunded);
}

#[tokio::test(start_paused = true)]
async fn a_refund_asked_for_twice_is_one_refund() {
    let (town, process) = sold().await;
    let refund = &process.use_cases.refund;
    let first = refund.run(asked(1, Wanted::Sum(euro(500)))).await.unwrap();
    let again = refund.run(asked(1, Wanted::Sum(euro(500)))).await.unwrap();
    assert_eq!(first.version, again.version);
    assert_eq!(town.payments.lock().refunded(), 500);
    let other = refund.run(asked(1, Wanted::Sum(euro(501)))).await.unwrap_err();
    assert_eq!(Problem::from(other).code, kernel::codes::IDEMPOTENCY_KEY_REUSED);
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_everything_that_is_left() {
    let (town, process) = sold().await;
    let refund = &process.use_cases.refund;
    refund.run(asked(1, Wanted::Units(vec![("MUG".to_owned(), 1)]))).await.unwrap();
    let rest = Asked { restock: true, ..asked(2, Wanted::Rest) };
    let found = refund.run(rest).await.unwrap();
    assert_eq!(found.order.refunded(), TOTAL);
    assert_eq!(found.order.payment_status(), PaymentStatus::Refunded);
    let tax: i64 = found.order.refunds.iter().map(|given| given.refund.tax.amount).sum();
    assert_eq!(tax, found.order.placed.totals.tax.amount);
    town.payments.lock().owes_nothing().unwrap();
    town.stock.lock().stands_at(9, 0).unwrap();
    // All of it given back, nothing shipped: it can still be cancelled, and the goods come back once.
    let cancelled = process.use_cases.cancel.run(ORDER, None).await.unwrap();
    assert_eq!(cancelled.order.status, Status::Cancelled);
    assert_eq!(cancelled.order.payment_status(), PaymentStatus::Refunded);
    town.stock.lock().stands_at(10, 0).unwrap();
    town.payments.lock().owes_nothing().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_shipped_is_not_cancelled_but_can_be_given_back() {
    let (town, process) = sold().await;
    let fulfilled = process.use_cases.fulfil.run(ORDER).await.unwrap();
    assert_eq!(fulfilled.order.status, Status::Completed);
    let again = process.use_cases.fulfil.run(ORDER).await.unwrap();
    assert_eq!(again.version, fulfilled.version);
    let refused = Problem::from(process.use_cases.cancel.run(ORDER, None).await.unwrap_err());
    assert_eq!(refused.code, codes::ALREADY_SHIPPED);
    let found = process.use_cases.refund.run(asked(1, Wanted::Rest)).await.unwrap();
    assert_eq!((found.order.status, found.order.refunded()), (Status::Completed, TOTAL));
    town.stock.lock().stands_at(8, 0).unwrap();
}
