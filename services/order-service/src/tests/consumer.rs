//! Events: those consumed from the payment service, and those published.

use super::test_world::{ORDER, TOTAL, TestWorld, checkout, payments::FakePaymentState};
use crate::{adapters::journal::translate, domain::events::OrderStatus};
use contracts::{
    order::{self, OrderEvent},
    payment::{PaymentEvent, PaymentState},
};
use identifiers::PaymentId;
use journal::{RecordedEvent, TypedEvent};
use kernel::Uuid;
use messaging::{Handler, Message};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_changed_payment_resumes_its_checkout() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.use_cases.place.execute(checkout(&world, "requires_action")).await.unwrap();
    world.payments.lock().report_outcome(FakePaymentState::Authorised);
    let (payment_id, state) = (PaymentId(Uuid::from_u128(5)), PaymentState::Authorised);
    let changed = Message {
        id: Uuid::from_u128(1),
        subject: "payment-1".to_owned(),
        time: "2026-11-22T12:00:00Z".parse().unwrap(),
        position: 1,
        origin: None,
        event: PaymentEvent::PaymentChanged { payment_id, order_id: ORDER, state },
    };
    for _ in 0..2 {
        assert!(process.resume_checkout.handle(&changed).await.unwrap().is_empty());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = process.use_cases.read.now(ORDER).await.unwrap().order;
    assert_eq!(order.status(), OrderStatus::Confirmed);
    world.is_sold(ORDER).unwrap();
}

#[tokio::test(start_paused = true)]
async fn public_events_are_published() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    process.use_cases.cancel.execute(ORDER, None).await.unwrap();
    let events = world.storage().journal.follow(0, 100).await.unwrap();
    let publish = |recorded: &RecordedEvent| translate(recorded).unwrap();
    let published: Vec<OrderEvent> = events.iter().filter_map(publish).collect();
    let changes: Vec<_> = published
        .iter()
        .filter_map(|event| match event {
            OrderEvent::OrderChanged { change, status, .. } => Some((change.as_str(), *status)),
            OrderEvent::CustomerErased { .. } => None,
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("placed", order::OrderStatus::Pending),
            ("confirmed", order::OrderStatus::Confirmed),
            ("cancelled", order::OrderStatus::Cancelled),
        ]
    );
    let OrderEvent::OrderChanged { order_id, number, total, .. } = &published[1] else {
        panic!("{published:?}");
    };
    assert_eq!((*order_id, number.as_str(), total.amount), (ORDER, "1000001", TOTAL));

    // What is read from the disk is published as what is still in memory.
    let stored = events.into_iter().map(|it| RecordedEvent { typed: TypedEvent::default(), ..it });
    let decoded: Vec<_> = stored.filter_map(|recorded| publish(&recorded)).collect();
    assert_eq!(decoded, published);
}

#[test]
fn an_event_that_cannot_be_decoded_is_an_error_unless_it_is_private() {
    let recorded = |name: &str, stream: String| RecordedEvent {
        position: 1,
        stream,
        version: 1,
        id: Uuid::from_u128(1),
        name: name.to_owned(),
        data: "{}".into(),
        recorded_at: "2026-11-22T12:00:00Z".parse().unwrap(),
        origin: None,
        typed: TypedEvent::default(),
    };
    assert!(translate(&recorded("confirmed", format!("order-{ORDER}"))).is_err());
    for other in [
        recorded("refund_reserved", format!("order-{ORDER}")),
        recorded("saga_begun", format!("saga-{ORDER}")),
    ] {
        assert_eq!(translate(&other).unwrap(), None);
    }
}
