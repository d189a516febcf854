//! The payment's news before, while and after a checkout looks at it, and twice each: one order, one capture.

use super::town::{CART, ORDER, Process, Town, checkout, payments::State as Paid};
use crate::domain::{events::Status, payment_status::PaymentStatus};
use contracts::codes;
use futures_util::future::join_all;
use kernel::{Problem, Uuid};
use std::time::Duration;

/// Lets the background do what it has to.
async fn settle(process: &Process) {
    for _ in 0..100 {
        let waiting = |saga: &saga::SagaSummary| saga.status.state == saga::SagaState::Waiting;
        tokio::time::sleep(Duration::from_millis(10)).await;
        if process.use_cases.list.sagas(None, None).iter().all(waiting) {
            return;
        }
    }
}

async fn place(process: &Process, town: &Town, token: &str) -> Result<Status, Problem> {
    let placed = process.use_cases.place.run(checkout(town, token)).await;
    placed.map(|found| found.order.status).map_err(Into::into)
}

async fn status(process: &Process) -> Status {
    process.use_cases.read.now(ORDER).await.unwrap().order.status
}

#[tokio::test(start_paused = true)]
async fn news_after_the_checkout_began_to_wait_confirm_it_once() {
    let town = Town::new();
    let process = town.start().await;
    assert_eq!(place(&process, &town, "requires_action").await, Ok(Status::Pending));
    let found = process.use_cases.read.now(ORDER).await.unwrap();
    assert_eq!(found.order.payment_status(), PaymentStatus::Waiting);
    let url = found.order.waiting.as_ref().and_then(|waiting| waiting.action_url.as_deref());
    assert_eq!(url, Some("https://bank.example/3ds"));
    town.payments.lock().answer(Paid::Authorised);
    process.news.run(ORDER);
    process.news.run(ORDER);
    settle(&process).await;
    assert_eq!(status(&process).await, Status::Confirmed);
    process.news.run(ORDER);
    settle(&process).await;
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn news_while_the_checkout_is_being_answered_are_not_lost() {
    for outcome in [Paid::Authorised, Paid::Declined] {
        let town = Town::new();
        let process = town.start().await;
        let news = process.news.clone();
        // The bank answers, and says so, before the answer "the customer has to act" has arrived here.
        town.payments.lock().meanwhile = Some(Box::new(move |payment| {
            payment.state = outcome;
            news.run(ORDER);
            news.run(ORDER);
        }));
        assert_eq!(place(&process, &town, "requires_action").await, Ok(Status::Pending));
        settle(&process).await;
        if outcome == Paid::Authorised {
            assert_eq!(status(&process).await, Status::Confirmed);
            town.is_sold(ORDER).unwrap();
        } else {
            assert_eq!(status(&process).await, Status::Cancelled);
            town.is_clean().unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn news_before_the_checkout_change_nothing() {
    let town = Town::new();
    let process = town.start().await;
    process.news.run(ORDER);
    process.news.run(ORDER);
    assert_eq!(place(&process, &town, "success").await, Ok(Status::Confirmed));
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_request_again_and_the_news_at_the_same_time_are_one_order() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    town.payments.lock().answer(Paid::Authorised);
    let again = (0..20).map(|_| {
        process.news.run(ORDER);
        place(&process, &town, "requires_action")
    });
    let answers = join_all(again).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    settle(&process).await;
    assert_eq!(place(&process, &town, "requires_action").await, Ok(Status::Confirmed));
    assert_eq!(town.payments.lock().count(), 1);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn news_that_were_lost_in_a_crash_are_found_by_the_next_start() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    process.kill();
    town.payments.lock().answer(Paid::Authorised);
    let restarted = town.start().await;
    settle(&restarted).await;
    assert_eq!(status(&restarted).await, Status::Confirmed);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_is_told_and_the_cart_can_be_paid_with_another() {
    let town = Town::new();
    let process = town.start().await;
    let declined = place(&process, &town, "decline").await.unwrap_err();
    assert_eq!((declined.status, &declined.code), (402, &codes::PAYMENT_DECLINED));
    assert_eq!(place(&process, &town, "decline").await.unwrap_err(), declined, "and told again");
    town.is_clean().unwrap();
    let mut other = checkout(&town, "success");
    other.order_id = Uuid::from_u128(2);
    let found = process.use_cases.place.run(other).await.unwrap();
    assert_eq!(found.order.status, Status::Confirmed);
    town.carts.lock().is_ordered(CART, Uuid::from_u128(2)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_never_completed_ends_the_order() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    town.clock.advance(Duration::from_hours(1));
    tokio::time::sleep(Duration::from_hours(1)).await;
    settle(&process).await;
    assert_eq!(status(&process).await, Status::Cancelled);
    town.is_clean().unwrap();
    // The bank says yes after all. The payment was told; the order stays as it is.
    town.payments.lock().answer(Paid::Authorised);
    process.news.run(ORDER);
    settle(&process).await;
    assert_eq!(status(&process).await, Status::Cancelled);
    town.is_clean().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_ended_is_taken_again_while_the_goods_are_there() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    town.clock.advance(Duration::from_mins(20));
    town.payments.lock().answer(Paid::Authorised);
    process.news.run(ORDER);
    settle(&process).await;
    assert_eq!(status(&process).await, Status::Confirmed);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_ended_and_whose_goods_are_gone_gives_the_money_free() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    town.clock.advance(Duration::from_mins(20));
    town.stock.lock().sell_out();
    town.payments.lock().answer(Paid::Authorised);
    process.news.run(ORDER);
    settle(&process).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status, Status::Cancelled);
    assert_eq!(order.history.last().unwrap().reason.as_deref(), Some("hold_expired"));
    town.payments.lock().owes_nothing().unwrap();
    town.carts.lock().is_open(CART).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_can_be_cancelled_and_a_late_yes_does_not_bring_it_back() {
    let town = Town::new();
    let process = town.start().await;
    place(&process, &town, "requires_action").await.unwrap();
    let cancelled = process.use_cases.cancel.run(ORDER, Some("too dear".to_owned())).await.unwrap();
    assert_eq!(cancelled.order.status, Status::Cancelled);
    assert_eq!(cancelled.order.history.last().unwrap().reason.as_deref(), Some("too dear"));
    town.payments.lock().answer(Paid::Authorised);
    process.news.run(ORDER);
    settle(&process).await;
    town.is_clean().unwrap();
    let again = process.use_cases.cancel.run(ORDER, None).await.unwrap();
    assert_eq!(again.version, cancelled.version, "again is no change");
}

#[tokio::test(start_paused = true)]
async fn cancelling_at_any_moment_of_a_checkout_ends_it_one_way_or_the_other() {
    let mut ends = Vec::new();
    for calls in 0..30 {
        let town = Town { yields: true, ..Town::new() };
        let process = town.start().await;
        let order = cancel_after(calls, &town, &process).await;
        match order {
            None | Some(Status::Cancelled) => {
                town.stock.lock().stands_at(10, 0).unwrap();
                town.payments.lock().owes_nothing().unwrap();
            }
            // There was no order yet that could be cancelled.
            Some(Status::Confirmed) if calls < 5 => town.is_sold(ORDER).unwrap(),
            other => panic!("{other:?} after a cancellation {calls} calls into the checkout"),
        }
        ends.push(order);
    }
    assert!(ends.contains(&Some(Status::Confirmed)) && ends.contains(&Some(Status::Cancelled)));
}

/// Lets the checkout make so many calls, cancels, and lets both end.
async fn cancel_after(calls: usize, town: &Town, process: &Process) -> Option<Status> {
    let mut placing = std::pin::pin!(process.use_cases.place.run(checkout(town, "success")));
    let mut placed = false;
    for _ in 0..calls {
        placed = placed || futures_util::poll!(&mut placing).is_ready();
    }
    let cancelling = process.use_cases.cancel.run(ORDER, None);
    if placed {
        cancelling.await.unwrap();
    } else {
        // Neither answer matters here, only what is left behind.
        let _ = futures_util::future::join(placing, cancelling).await;
    }
    settle(process).await;
    process.use_cases.read.now(ORDER).await.ok().map(|found| found.order.status)
}

#[tokio::test(start_paused = true)]
async fn a_silent_payment_service_leaves_the_order_pending_and_is_asked_again() {
    let town = Town::new();
    let process = town.start().await;
    town.payments.lock().silent = true;
    assert_eq!(place(&process, &town, "success").await, Ok(Status::Pending));
    tokio::time::sleep(Duration::from_mins(3)).await;
    let sagas = process.use_cases.list.sagas(Some(saga::SagaState::Stuck), None);
    assert_eq!(sagas.len(), 1, "an operator sees it");
    town.payments.lock().silent = false;
    let retried = process.use_cases.list.retry(sagas[0].id).await.unwrap();
    assert_eq!(retried.status.state, saga::SagaState::Done);
    assert_eq!(status(&process).await, Status::Confirmed);
    town.is_sold(ORDER).unwrap();
    assert!(process.use_cases.list.sagas(None, None).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_payment_service_that_is_silent_for_too_long_ends_the_order() {
    let town = Town::new();
    let process = town.start().await;
    town.payments.lock().silent = true;
    place(&process, &town, "success").await.unwrap();
    town.clock.advance(Duration::from_hours(2));
    tokio::time::sleep(Duration::from_mins(5)).await;
    let going_back = process.use_cases.list.sagas(None, None);
    assert!(going_back[0].status.refusal.is_some(), "{going_back:?}");
    town.payments.lock().silent = false;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(status(&process).await, Status::Cancelled);
    town.is_clean().unwrap();
}
