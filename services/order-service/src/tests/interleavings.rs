//! Payment events before, during and after a checkout's authorisation, each delivered twice: one order, one capture.

use super::test_world::{CART, ORDER, Process, TestWorld, checkout, payments::FakePaymentState};
use crate::domain::{events::OrderStatus, payment_status::PaymentStatus};
use contracts::codes;
use futures_util::future::join_all;
use identifiers::{OrderId, SagaId};
use kernel::{Problem, Uuid};
use std::time::Duration;

/// Waits until no saga runs.
async fn wait_until_settled(process: &Process) {
    for _ in 0..100 {
        let waiting = |saga: &saga::SagaSummary| saga.status.state == saga::SagaState::Waiting;
        tokio::time::sleep(Duration::from_millis(10)).await;
        if process.use_cases.list.sagas(None, None).iter().all(waiting) {
            return;
        }
    }
}

async fn place(process: &Process, world: &TestWorld, token: &str) -> Result<OrderStatus, Problem> {
    let placed = process.use_cases.place.execute(checkout(world, token)).await;
    placed.map(|found| found.order.status()).map_err(Into::into)
}

async fn status(process: &Process) -> OrderStatus {
    process.use_cases.read.now(ORDER).await.unwrap().order.status()
}

#[tokio::test(start_paused = true)]
async fn payment_events_after_the_checkout_began_to_wait_confirm_it_once() {
    let world = TestWorld::new();
    let process = world.start().await;
    assert_eq!(place(&process, &world, "requires_action").await, Ok(OrderStatus::Pending));
    let found = process.use_cases.read.now(ORDER).await.unwrap();
    assert_eq!(found.order.payment_status(), PaymentStatus::Waiting);
    let url = found.order.state.pending_payment().and_then(|payment| payment.action_url.as_deref());
    assert_eq!(url, Some("https://bank.example/3ds"));
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    process.resume_checkout.execute(ORDER);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    assert_eq!(status(&process).await, OrderStatus::Confirmed);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn payment_events_during_the_authorisation_are_not_lost() {
    for outcome in [FakePaymentState::Authorised, FakePaymentState::Declined] {
        let world = TestWorld::new();
        let process = world.start().await;
        let resume_checkout = process.resume_checkout.clone();
        // The event with the outcome arrives before the response "the customer has to act".
        world.payments.lock().on_authorise = Some(Box::new(move |payment| {
            payment.state = outcome;
            resume_checkout.execute(ORDER);
            resume_checkout.execute(ORDER);
        }));
        assert_eq!(place(&process, &world, "requires_action").await, Ok(OrderStatus::Pending));
        wait_until_settled(&process).await;
        if outcome == FakePaymentState::Authorised {
            assert_eq!(status(&process).await, OrderStatus::Confirmed);
            world.is_sold(ORDER).unwrap();
        } else {
            assert_eq!(status(&process).await, OrderStatus::Cancelled);
            world.is_clean().unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn payment_events_before_the_checkout_change_nothing() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.resume_checkout.execute(ORDER);
    process.resume_checkout.execute(ORDER);
    assert_eq!(place(&process, &world, "success").await, Ok(OrderStatus::Confirmed));
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn repeated_requests_concurrent_with_payment_events_are_one_order() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    let again = (0..20).map(|_| {
        process.resume_checkout.execute(ORDER);
        place(&process, &world, "requires_action")
    });
    let answers = join_all(again).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    wait_until_settled(&process).await;
    assert_eq!(place(&process, &world, "requires_action").await, Ok(OrderStatus::Confirmed));
    assert_eq!(world.payments.lock().count(), 1);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn payment_events_lost_in_a_crash_are_recovered_at_the_next_start() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    process.kill();
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    let restarted = world.start().await;
    wait_until_settled(&restarted).await;
    assert_eq!(status(&restarted).await, OrderStatus::Confirmed);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_is_reported_and_the_cart_can_be_paid_with_another() {
    let world = TestWorld::new();
    let process = world.start().await;
    let declined = place(&process, &world, "decline").await.unwrap_err();
    assert_eq!((declined.status, &declined.code), (402, &codes::PAYMENT_DECLINED));
    assert_eq!(
        place(&process, &world, "decline").await.unwrap_err(),
        declined,
        "and reported again"
    );
    world.is_clean().unwrap();
    let mut other = checkout(&world, "success");
    other.order_id = OrderId(Uuid::from_u128(2));
    let found = process.use_cases.place.execute(other).await.unwrap();
    assert_eq!(found.order.status(), OrderStatus::Confirmed);
    world.carts.lock().is_ordered(CART, OrderId(Uuid::from_u128(2))).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_never_completed_ends_the_order() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    world.clock.advance(Duration::from_hours(1));
    tokio::time::sleep(Duration::from_hours(1)).await;
    wait_until_settled(&process).await;
    assert_eq!(status(&process).await, OrderStatus::Cancelled);
    world.is_clean().unwrap();
    // A late authorisation does not change the cancelled order.
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    assert_eq!(status(&process).await, OrderStatus::Cancelled);
    world.is_clean().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_expired_hold_is_committed_while_stock_is_available() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    world.clock.advance(Duration::from_mins(20));
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    assert_eq!(status(&process).await, OrderStatus::Confirmed);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_expired_hold_without_stock_voids_the_payment() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    world.clock.advance(Duration::from_mins(20));
    world.stock.lock().sell_out();
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status(), OrderStatus::Cancelled);
    assert_eq!(order.history.last().unwrap().reason.as_deref(), Some("hold_expired"));
    world.payments.lock().owes_nothing().unwrap();
    world.carts.lock().is_open(CART).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_waiting_order_can_be_cancelled_and_a_late_authorisation_does_not_revive_it() {
    let world = TestWorld::new();
    let process = world.start().await;
    place(&process, &world, "requires_action").await.unwrap();
    let cancelled =
        process.use_cases.cancel.execute(ORDER, Some("too dear".to_owned())).await.unwrap();
    assert_eq!(cancelled.order.status(), OrderStatus::Cancelled);
    assert_eq!(cancelled.order.history.last().unwrap().reason.as_deref(), Some("too dear"));
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    process.resume_checkout.execute(ORDER);
    wait_until_settled(&process).await;
    world.is_clean().unwrap();
    let again = process.use_cases.cancel.execute(ORDER, None).await.unwrap();
    assert_eq!(again.version, cancelled.version, "a repetition changes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_at_any_moment_of_a_checkout_leaves_a_consistent_end() {
    let mut ends = Vec::new();
    for calls in 0..30 {
        let world = TestWorld { yields: true, ..TestWorld::new() };
        let process = world.start().await;
        let order = cancel_after(calls, &world, &process).await;
        match order {
            None | Some(OrderStatus::Cancelled) => {
                world.stock.lock().has_units(10, 0).unwrap();
                world.payments.lock().owes_nothing().unwrap();
            }
            // There was no order to cancel yet.
            Some(OrderStatus::Confirmed) if calls < 5 => world.is_sold(ORDER).unwrap(),
            other => panic!("{other:?} after a cancellation {calls} calls into the checkout"),
        }
        ends.push(order);
    }
    assert!(
        ends.contains(&Some(OrderStatus::Confirmed))
            && ends.contains(&Some(OrderStatus::Cancelled))
    );
}

/// Polls the checkout for so many calls, cancels the order, and completes both.
async fn cancel_after(calls: usize, world: &TestWorld, process: &Process) -> Option<OrderStatus> {
    let mut placing = std::pin::pin!(process.use_cases.place.execute(checkout(world, "success")));
    let mut placed = false;
    for _ in 0..calls {
        placed = placed || futures_util::poll!(&mut placing).is_ready();
    }
    let cancelling = process.use_cases.cancel.execute(ORDER, None);
    if placed {
        cancelling.await.unwrap();
    } else {
        // Only the state left behind matters, not the responses.
        let _ = futures_util::future::join(placing, cancelling).await;
    }
    wait_until_settled(process).await;
    process.use_cases.read.now(ORDER).await.ok().map(|found| found.order.status())
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_payment_service_leaves_the_order_pending_and_is_retried() {
    let world = TestWorld::new();
    let process = world.start().await;
    world.payments.lock().unavailable = true;
    assert_eq!(place(&process, &world, "success").await, Ok(OrderStatus::Pending));
    tokio::time::sleep(Duration::from_mins(3)).await;
    let sagas = process.use_cases.list.sagas(Some(saga::SagaState::Stuck), None);
    assert_eq!(sagas.len(), 1, "an operator can see it");
    world.payments.lock().unavailable = false;
    let retried = process.use_cases.list.retry(SagaId(sagas[0].id)).await.unwrap();
    assert_eq!(retried.status.state, saga::SagaState::Done);
    assert_eq!(status(&process).await, OrderStatus::Confirmed);
    world.is_sold(ORDER).unwrap();
    assert!(process.use_cases.list.sagas(None, None).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_payment_service_unavailable_for_too_long_ends_the_order() {
    let world = TestWorld::new();
    let process = world.start().await;
    world.payments.lock().unavailable = true;
    place(&process, &world, "success").await.unwrap();
    world.clock.advance(Duration::from_hours(2));
    tokio::time::sleep(Duration::from_mins(5)).await;
    let undoing = process.use_cases.list.sagas(None, None);
    assert!(undoing[0].status.refusal.is_some(), "{undoing:?}");
    world.payments.lock().unavailable = false;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(status(&process).await, OrderStatus::Cancelled);
    world.is_clean().unwrap();
}
