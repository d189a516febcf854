//! Fulfilment of orders whose payment is only authorised: the payment is captured then, once, and only with the
//! shipment.

use super::test_world::{ORDER, Process, TOTAL, TestWorld, checkout, sku};
use crate::{
    application::{
        checkout_input::{CapturePolicy, CheckoutInput},
        orders::VersionedOrder,
    },
    domain::{
        events::{OrderStatus, RefundScope},
        order::Order,
        order_state::OrderState,
        payment_status::PaymentStatus,
        refund::RefundRequest,
    },
};
use contracts::codes;
use identifiers::RefundId;
use kernel::{Problem, Uuid};
use saga::{SagaInput, SagaState};
use std::{sync::Arc, time::Duration};

async fn authorised() -> (TestWorld, Process) {
    let world = TestWorld::capturing_at_fulfilment();
    let process = world.start().await;
    let found = process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    assert_eq!((found.order.status(), found.order.captured.amount), (OrderStatus::Confirmed, 0));
    (world, process)
}

async fn fulfil(process: &Process) -> Result<VersionedOrder, Problem> {
    process.use_cases.fulfil.execute(ORDER).await.map_err(Problem::from)
}

async fn cancel(process: &Process) -> Result<VersionedOrder, Problem> {
    process.use_cases.cancel.execute(ORDER, None).await.map_err(Problem::from)
}

async fn order(process: &Process) -> Arc<Order> {
    process.use_cases.read.now(ORDER).await.unwrap().order
}

fn events(order: &Order) -> Vec<&'static str> {
    order.history.iter().map(|entry| entry.event).collect()
}

#[tokio::test(start_paused = true)]
async fn an_order_is_confirmed_with_an_authorisation_only() {
    let (world, process) = authorised().await;
    world.is_authorised(ORDER).unwrap();
    let order = order(&process).await;
    assert_eq!(order.payment_status(), PaymentStatus::Authorised);
    assert_eq!((order.authorised.amount, order.refundable().amount), (TOTAL, 0));
    let confirmed = order.history.iter().find(|entry| entry.event == "confirmed").unwrap();
    assert_eq!(confirmed.text, "The order was confirmed and 40.90 EUR authorised.");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_fulfilment_captures_the_payment_once() {
    let (world, process) = authorised().await;
    let order = fulfil(&process).await.unwrap().order;
    assert_eq!(
        (order.status(), order.payment_status()),
        (OrderStatus::Completed, PaymentStatus::Paid)
    );
    assert_eq!(
        events(&order),
        ["placed", "confirmed", "fulfilment_requested", "captured", "fulfilled", "completed"]
    );
    let again = fulfil(&process).await.unwrap().order;
    assert_eq!(again.history.len(), order.history.len());
    world.is_sold(ORDER).unwrap();
    assert_eq!(cancel(&process).await.unwrap_err().code, codes::ALREADY_SHIPPED);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_the_shipment_voids_the_payment() {
    let (world, process) = authorised().await;
    let order = cancel(&process).await.unwrap().order;
    assert_eq!(
        (order.status(), order.payment_status()),
        (OrderStatus::Cancelled, PaymentStatus::Voided)
    );
    assert_eq!((order.authorised.amount, order.refunded()), (0, 0));
    world.payments.lock().owes_nothing().unwrap();
    world.stock.lock().has_units(10, 0).unwrap();
    assert_eq!(fulfil(&process).await.unwrap_err().code, codes::ORDER_CANCELLED);
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_does_not_respond_is_visible_and_retried() {
    let (world, process) = authorised().await;
    world.payments.lock().unavailable = true;
    let order = fulfil(&process).await.unwrap().order;
    assert_eq!(order.state, OrderState::Fulfilling);
    let sagas = process.use_cases.list.sagas(None, None);
    let [saga] = &*sagas else { panic!("{sagas:?}") };
    assert_eq!((saga.name, saga.status.step), ("fulfilment", "capture"));
    assert!(saga.status.error.as_ref().is_some_and(|error| error.contains("no answer")));
    assert!(saga.status.next_attempt_at.is_some() && saga.status.state != SagaState::Stuck);
    assert_eq!(cancel(&process).await.unwrap_err().code, codes::ALREADY_SHIPPED);
    world.is_authorised(ORDER).unwrap();
    // A restart loses none of it.
    process.kill();
    let restarted = world.start().await;
    world.payments.lock().unavailable = false;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(self::order(&restarted).await.status(), OrderStatus::Completed);
    assert_eq!(restarted.use_cases.list.sagas(None, None).len(), 0);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_ships_when_the_bank_refuses() {
    let (world, process) = authorised().await;
    world.payments.lock().captures_fail = true;
    for _ in 0..2 {
        assert_eq!(fulfil(&process).await.unwrap_err().code, codes::PAYMENT_ENDED);
    }
    let order = order(&process).await;
    assert_eq!(order.state, OrderState::Confirmed);
    let dropped = events(&order).into_iter().filter(|event| *event == "fulfilment_dropped");
    assert_eq!(dropped.count(), 2, "each attempt is a saga of its own");
    assert_eq!(cancel(&process).await.unwrap().order.status(), OrderStatus::Cancelled);
    world.payments.lock().owes_nothing().unwrap();
    world.stock.lock().has_units(10, 0).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fulfilment_can_be_repeated_after_the_bank_refused() {
    let (world, process) = authorised().await;
    world.payments.lock().captures_fail = true;
    fulfil(&process).await.unwrap_err();
    world.payments.lock().captures_fail = false;
    assert_eq!(fulfil(&process).await.unwrap().order.status(), OrderStatus::Completed);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_uncaptured_payment_cannot_be_refunded() {
    let (world, process) = authorised().await;
    for (id, scope) in [(1, RefundScope::Rest), (2, RefundScope::Units(vec![(sku("MUG"), 1)]))] {
        let (id, reason) = (RefundId(Uuid::from_u128(id)), "goodwill".to_owned());
        let request = RefundRequest { id, scope, restock: true, reason, reference: None };
        let problem =
            Problem::from(process.use_cases.refund.execute(ORDER, request).await.unwrap_err());
        assert_eq!(problem.code, codes::NOT_CAPTURED);
    }
    world.is_authorised(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_keeps_the_capture_policy_it_was_placed_under() {
    let (mut world, process) = authorised().await;
    process.kill();
    world.capture = CapturePolicy::AtConfirmation;
    let restarted = world.start().await;
    world.is_authorised(ORDER).unwrap();
    // A repeated request is still the same request.
    let again = restarted.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    assert_eq!(again.order.status(), OrderStatus::Confirmed);
    assert_eq!(fulfil(&restarted).await.unwrap().order.status(), OrderStatus::Completed);
    world.is_sold(ORDER).unwrap();
}

#[test]
fn a_stored_checkout_without_a_policy_captures_at_confirmation() {
    let world = TestWorld::new();
    let input = checkout(&world, "success");
    let stored = serde_json::to_value(&input).unwrap();
    assert!(stored.get("capture").is_none(), "{stored}");
    let read: CheckoutInput = serde_json::from_value(stored).unwrap();
    assert_eq!(read.capture, CapturePolicy::AtConfirmation);
    assert!(read.repeats(&CheckoutInput { capture: CapturePolicy::AtFulfilment, ..input }));
}
