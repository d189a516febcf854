//! Transfers: money is authorised, captured and refunded once each, and never too much.

use crate::{TestService, authorisation, eur, order_id, payment_id};
use contracts::payment::PaymentState;
use journal::durability;
use std::sync::Arc;
use testkit::{code, problem};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_payment_is_authorised_captured_in_parts_and_refunded() {
    let service = TestService::start().await;
    let payment = service.authorise(1, "success").await.unwrap();
    assert_eq!(
        (payment.state, payment.authorised, payment.captured),
        (PaymentState::Authorised, eur(10_000), eur(0))
    );
    let payment = service.capture(1, "shipment 1", 4_000).await.unwrap();
    assert_eq!((payment.state, payment.captured), (PaymentState::PartiallyCaptured, eur(4_000)));
    assert_eq!(service.capture(1, "shipment 1", 4_000).await.unwrap(), payment);
    assert_eq!(code(service.capture(1, "shipment 1", 4_001).await), "id_reused");
    let payment = service.capture(1, "shipment 2", None).await.unwrap();
    assert_eq!((payment.state, payment.captured), (PaymentState::Captured, eur(10_000)));
    let again = service.capture(1, "shipment 3", None).await;
    assert_eq!(code(again), "exceeds_authorised");

    let payment = service.refund(1, 1, 3_000).await.unwrap();
    assert_eq!(
        (payment.state, payment.refunded, payment.refunds.len()),
        (PaymentState::Captured, eur(3_000), 1)
    );
    assert_eq!(service.refund(1, 1, 3_000).await.unwrap(), payment);
    assert_eq!(code(service.refund(1, 1, 1).await), "id_reused");
    let refused = problem(service.refund(1, 2, 7_001).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "exceeds_refundable"));
    assert_eq!(refused.facts["refundable"], serde_json::json!(eur(7_000)));
    let payment = service.refund(1, 2, None).await.unwrap();
    assert_eq!((payment.state, payment.refunded), (PaymentState::Refunded, eur(10_000)));
    assert_eq!(
        service.feed_states().await,
        [
            PaymentState::Authorised,
            PaymentState::PartiallyCaptured,
            PaymentState::Captured,
            PaymentState::Captured,
            PaymentState::Refunded,
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_refunds_at_once_never_refund_more_than_was_captured() {
    let service = Arc::new(TestService::start().await);
    service.captured(1).await;
    let mut work = JoinSet::new();
    for number in 0..200 {
        let service = Arc::clone(&service);
        work.spawn(async move {
            // Each refund is requested twice; 66 of 1.50 go into 100.00.
            service.refund(1, number / 2, 150).await
        });
    }
    let (mut given, mut refused) = (0, 0);
    for answer in work.join_all().await {
        match answer {
            Ok(_) => given += 1,
            Err(error) => {
                assert_eq!(code(Err::<(), _>(error)), "exceeds_refundable");
                refused += 1;
            }
        }
    }
    let payment = service.api().payment(payment_id(1)).await.unwrap();
    assert_eq!((payment.refunds.len(), payment.refunded), (66, eur(9_900)));
    assert_eq!((given, refused), (132, 68));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captures_and_cancellations_at_once_leave_nothing_behind() {
    let service = Arc::new(TestService::start().await);
    for number in 1..=20 {
        service.authorise(number, "success").await.unwrap();
    }
    let mut work = JoinSet::new();
    for number in 1..=20 {
        for part in 0..4 {
            let service = Arc::clone(&service);
            work.spawn(async move {
                let reference = format!("part {part}");
                let _ = service.capture(number, &reference, 3_000).await;
            });
        }
        let service = Arc::clone(&service);
        work.spawn(async move {
            service.cancel(number).await.unwrap();
        });
    }
    work.join_all().await;
    for number in 1..=20 {
        let payment = service.api().payment(payment_id(number)).await.unwrap();
        assert_eq!((payment.captured, payment.authorised), (payment.refunded, payment.captured));
        assert!(
            matches!(payment.state, PaymentState::Voided | PaymentState::Refunded),
            "{payment:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_payment_requested_many_times_at_once_is_authorised_once() {
    let service = Arc::new(TestService::start().await);
    let mut work = JoinSet::new();
    for _ in 0..50 {
        let service = Arc::clone(&service);
        work.spawn(async move { service.authorise(1, "success").await.unwrap() });
    }
    let answers = work.join_all().await;
    assert!(answers.iter().all(|payment| *payment == answers[0]));
    assert_eq!(service.events(1).await, ["created", "authorised"]);
}

#[tokio::test]
async fn a_payment_cancelled_before_its_creation_is_never_created() {
    let service = TestService::start().await;
    service.cancel(1).await.unwrap();
    service.cancel(1).await.unwrap();
    assert_eq!(code(service.authorise(1, "success").await), "payment_ended");
    assert_eq!(code(service.api().payment(payment_id(1)).await), "not_found");
    let restarted = service.restarted().await;
    assert_eq!(code(restarted.authorise(1, "success").await), "payment_ended");
}

#[tokio::test]
async fn cancelling_voids_or_refunds_and_may_be_repeated() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    service.captured(2).await;
    for number in [1, 2, 1, 2] {
        service.cancel(number).await.unwrap();
    }
    assert_eq!(service.state(1).await, PaymentState::Voided);
    let cancelled = service.api().payment(payment_id(2)).await.unwrap();
    assert_eq!((cancelled.state, cancelled.refunds.len()), (PaymentState::Refunded, 1));
    assert_eq!(code(service.payments.cancel(payment_id(2), order_id(3)).await), "id_reused");
    assert_eq!(code(service.capture(1, "c", None).await), "payment_ended");
}

#[tokio::test]
async fn a_capture_lost_in_a_crash_was_not_reported_and_can_be_repeated() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    service.engine.hold();
    let captured = async { service.capture(1, "c", None).await };
    let (answer, dependencies) = durability::scope(captured).await;
    assert_eq!(answer.unwrap().state, PaymentState::Captured);
    // A read depends on the unflushed capture as well.
    let (seen, read_dependencies) = durability::scope(service.state(1)).await;
    assert_eq!(seen, PaymentState::Captured);
    let restarted = service.crashed().await;
    assert!(dependencies.wait().await.is_err() && read_dependencies.wait().await.is_err());
    assert_eq!(restarted.state(1).await, PaymentState::Authorised);
    restarted.capture(1, "c", None).await.unwrap();
}

#[tokio::test]
async fn the_same_id_with_another_request_is_refused() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    for other in [
        authorisation(2, "success", 10_000),
        authorisation(1, "slow", 10_000),
        authorisation(1, "success", 9_999),
    ] {
        assert_eq!(code(service.payments.authorise(payment_id(1), other).await), "id_reused");
    }
}
