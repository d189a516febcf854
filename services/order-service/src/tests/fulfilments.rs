//! Goods that leave after their money was only set aside: the money is taken then, once, and never without the goods.

use super::town::{ORDER, Process, TOTAL, Town, checkout};
use crate::{
    application::{
        checkout_case::{CapturePolicy, CheckoutCase},
        orders::Found,
        refund_order::Asked,
        refund_saga::Wanted,
    },
    domain::{
        events::Status,
        order::{Order, Shipment},
        payment_status::PaymentStatus,
    },
};
use contracts::codes;
use kernel::{Problem, Uuid};
use saga::{SagaInput, SagaState};
use std::{sync::Arc, time::Duration};

async fn promised() -> (Town, Process) {
    let town = Town::that_captures_at_fulfilment();
    let process = town.start().await;
    let found = process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!((found.order.status, found.order.captured.amount), (Status::Confirmed, 0));
    (town, process)
}

async fn fulfil(process: &Process) -> Result<Found, Problem> {
    process.use_cases.fulfil.run(ORDER).await.map_err(Problem::from)
}

async fn cancel(process: &Process) -> Result<Found, Problem> {
    process.use_cases.cancel.run(ORDER, None).await.map_err(Problem::from)
}

async fn order(process: &Process) -> Arc<Order> {
    process.use_cases.read.now(ORDER).await.unwrap().order
}

fn events(order: &Order) -> Vec<&'static str> {
    order.history.iter().map(|entry| entry.event).collect()
}

#[tokio::test(start_paused = true)]
async fn an_order_is_confirmed_with_nothing_but_an_authorisation() {
    let (town, process) = promised().await;
    town.is_promised(ORDER).unwrap();
    let order = order(&process).await;
    assert_eq!(order.payment_status(), PaymentStatus::Authorised);
    assert_eq!((order.authorised.amount, order.refundable().amount), (TOTAL, 0));
    let confirmed = order.history.iter().find(|entry| entry.event == "confirmed").unwrap();
    assert_eq!(confirmed.text, "The order was confirmed and 40.90 EUR set aside.");
}

#[tokio::test(start_paused = true)]
async fn goods_that_leave_take_the_money_once_however_often_it_is_said() {
    let (town, process) = promised().await;
    let order = fulfil(&process).await.unwrap().order;
    assert_eq!((order.status, order.payment_status()), (Status::Completed, PaymentStatus::Paid));
    assert_eq!(
        events(&order),
        ["placed", "confirmed", "fulfilment_requested", "captured", "fulfilled", "completed"]
    );
    let again = fulfil(&process).await.unwrap().order;
    assert_eq!(again.history.len(), order.history.len());
    town.is_sold(ORDER).unwrap();
    assert_eq!(cancel(&process).await.unwrap_err().code, codes::ALREADY_SHIPPED);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_the_goods_leave_sets_the_money_free() {
    let (town, process) = promised().await;
    let order = cancel(&process).await.unwrap().order;
    assert_eq!((order.status, order.payment_status()), (Status::Cancelled, PaymentStatus::Voided));
    assert_eq!((order.authorised.amount, order.refunded()), (0, 0));
    town.payments.lock().owes_nothing().unwrap();
    town.stock.lock().stands_at(10, 0).unwrap();
    assert_eq!(fulfil(&process).await.unwrap_err().code, codes::ORDER_CANCELLED);
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_does_not_answer_is_seen_and_asked_again() {
    let (town, process) = promised().await;
    town.payments.lock().silent = true;
    let order = fulfil(&process).await.unwrap().order;
    assert_eq!((order.status, order.shipment), (Status::Confirmed, Shipment::Leaving));
    let sagas = process.use_cases.list.sagas(None, None);
    let [saga] = &*sagas else { panic!("{sagas:?}") };
    assert_eq!((saga.name, saga.status.step), ("fulfilment", "capture"));
    assert!(saga.status.error.as_ref().is_some_and(|error| error.contains("no answer")));
    assert!(saga.status.next_try_at.is_some() && saga.status.state != SagaState::Stuck);
    assert_eq!(cancel(&process).await.unwrap_err().code, codes::ALREADY_SHIPPED);
    town.is_promised(ORDER).unwrap();
    // A process that ends meanwhile loses none of it.
    process.kill();
    let restarted = town.start().await;
    town.payments.lock().silent = false;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(self::order(&restarted).await.status, Status::Completed);
    assert_eq!(restarted.use_cases.list.sagas(None, None).len(), 0);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn goods_stay_where_they_are_when_the_bank_refuses() {
    let (town, process) = promised().await;
    town.payments.lock().takes_back = true;
    for _ in 0..2 {
        assert_eq!(fulfil(&process).await.unwrap_err().code, codes::PAYMENT_ENDED);
    }
    let order = order(&process).await;
    assert_eq!((order.status, order.shipment), (Status::Confirmed, Shipment::NotYet));
    let dropped = events(&order).into_iter().filter(|event| *event == "fulfilment_dropped");
    assert_eq!(dropped.count(), 2, "each try is a try of its own");
    // The bank has thought better of it, for another such order; this one is given up.
    assert_eq!(cancel(&process).await.unwrap().order.status, Status::Cancelled);
    town.payments.lock().owes_nothing().unwrap();
    town.stock.lock().stands_at(10, 0).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_thinks_better_of_it_pays_when_the_goods_are_sent_again() {
    let (town, process) = promised().await;
    town.payments.lock().takes_back = true;
    fulfil(&process).await.unwrap_err();
    town.payments.lock().takes_back = false;
    assert_eq!(fulfil(&process).await.unwrap().order.status, Status::Completed);
    town.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_not_taken_is_not_given_back() {
    let (town, process) = promised().await;
    for (id, what) in [(1, Wanted::Rest), (2, Wanted::Units(vec![("MUG".to_owned(), 1)]))] {
        let (refund_id, reason) = (Uuid::from_u128(id), "goodwill".to_owned());
        let asked = Asked { order_id: ORDER, refund_id, what, restock: true, reason };
        let problem = Problem::from(process.use_cases.refund.run(asked).await.unwrap_err());
        assert_eq!(problem.code, codes::NOT_CAPTURED);
    }
    town.is_promised(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_keeps_the_policy_it_was_placed_under() {
    let (mut town, process) = promised().await;
    process.kill();
    town.capture = CapturePolicy::AtConfirmation;
    let restarted = town.start().await;
    town.is_promised(ORDER).unwrap();
    // The request again is still the same request.
    let again = restarted.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!(again.order.status, Status::Confirmed);
    assert_eq!(fulfil(&restarted).await.unwrap().order.status, Status::Completed);
    town.is_sold(ORDER).unwrap();
}

#[test]
fn a_checkout_of_before_there_was_a_choice_takes_the_money_at_once() {
    let town = Town::new();
    let case = checkout(&town, "success");
    let stored = serde_json::to_value(&case).unwrap();
    assert!(stored.get("capture").is_none(), "{stored}");
    let read: CheckoutCase = serde_json::from_value(stored).unwrap();
    assert_eq!(read.capture, CapturePolicy::AtConfirmation);
    assert!(read.repeats(&CheckoutCase { capture: CapturePolicy::AtFulfilment, ..case }));
}
