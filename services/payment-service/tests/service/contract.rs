//! Suite of the contract, run three ways: typed; over the wire in process, where calls get lost or arrive twice; and
//! over the network.

use crate::{TestService, authorisation, eur, order_id, payment_id, refund_id};
use contracts::payment::{Capture, PaymentState, Payments, Refund};
use testkit::{code, field, problem};

/// What the contract promises, whichever way it is called.
async fn behaves_like_payments(payments: &dyn Payments) {
    authorises_once(payments).await;
    captures_and_refunds_once(payments).await;
    cancels_whatever_the_state(payments).await;
    names_invalid_fields(payments).await;
    let offered = payments.methods().await.unwrap();
    assert_eq!(offered.items.iter().map(|it| it.method.as_str()).collect::<Vec<_>>(), ["test"]);
}

async fn authorises_once(payments: &dyn Payments) {
    let request = |token| authorisation(1, token, 10_000);
    let payment = payments.authorise(payment_id(1), request("success")).await.unwrap();
    assert_eq!((payment.state, payment.authorised), (PaymentState::Authorised, eur(10_000)));
    assert_eq!(payments.authorise(payment_id(1), request("success")).await.unwrap(), payment);
    assert_eq!(code(payments.authorise(payment_id(1), request("slow")).await), "id_reused");

    let declined = authorisation(2, "decline", 10_000);
    let payment = payments.authorise(payment_id(2), declined).await.unwrap();
    let failure = payment.failure.as_deref();
    assert_eq!((payment.state, failure), (PaymentState::Failed, Some("declined")));

    let waiting = authorisation(3, "requires_action", 10_000);
    let payment = payments.authorise(payment_id(3), waiting).await.unwrap();
    assert_eq!(payment.state, PaymentState::RequiresAction);
    assert!(payment.action_url.is_some());
}

async fn captures_and_refunds_once(payments: &dyn Payments) {
    let capture = async |reference: &str, amount: Option<i64>| {
        let capture = Capture { amount: amount.map(eur) };
        payments.capture(payment_id(1), reference.to_owned(), capture).await
    };
    let refund = async |id, amount: Option<i64>| {
        let refund = Refund { amount: amount.map(eur), reason: "did not fit".to_owned() };
        payments.refund(payment_id(1), refund_id(id), refund).await
    };
    assert_eq!(code(refund(1, None).await), "not_captured");
    let payment = capture("first", Some(4_000)).await.unwrap();
    assert_eq!((payment.state, payment.captured), (PaymentState::PartiallyCaptured, eur(4_000)));
    assert_eq!(capture("first", Some(4_000)).await.unwrap(), payment);
    assert_eq!(code(capture("first", Some(4_001)).await), "id_reused");
    assert_eq!(capture("rest", None).await.unwrap().captured, eur(10_000));
    assert_eq!(code(capture("more", None).await), "exceeds_authorised");

    let payment = refund(1, Some(3_000)).await.unwrap();
    assert_eq!((payment.refunded, payment.refunds.len()), (eur(3_000), 1));
    assert_eq!(refund(1, Some(3_000)).await.unwrap(), payment);
    let refused = problem(refund(2, Some(7_001)).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "exceeds_refundable"));
    assert_eq!(refused.facts["refundable"], serde_json::json!(eur(7_000)));
    assert_eq!(refund(2, None).await.unwrap().state, PaymentState::Refunded);
}

async fn cancels_whatever_the_state(payments: &dyn Payments) {
    payments.cancel(payment_id(4), order_id(4)).await.unwrap();
    let late = payments.authorise(payment_id(4), authorisation(4, "success", 1)).await;
    assert_eq!(
        code(late),
        "payment_ended",
        "an unknown payment can never be authorised afterwards"
    );

    payments.authorise(payment_id(5), authorisation(5, "success", 100)).await.unwrap();
    payments.capture(payment_id(5), "all".to_owned(), Capture::default()).await.unwrap();
    assert_eq!(code(payments.cancel(payment_id(5), order_id(6)).await), "id_reused");
    for _ in 0..2 {
        payments.cancel(payment_id(5), order_id(5)).await.unwrap();
    }
    // The same capture once more says where the payment stands.
    let payment = payments.capture(payment_id(5), "all".to_owned(), Capture::default()).await;
    let payment = payment.unwrap();
    assert_eq!((payment.state, payment.refunds.len()), (PaymentState::Refunded, 1));
}

async fn names_invalid_fields(payments: &dyn Payments) {
    let id = payment_id(1);
    let invalid = payments.authorise(payment_id(9), authorisation(9, "gold", 1)).await;
    assert_eq!(field(invalid), "payment.token");
    let capture = payments.capture(id, "x".repeat(201), Capture::default()).await;
    assert_eq!(field(capture), "reference");
    let refund = Refund { amount: None, reason: "x".repeat(501) };
    assert_eq!(field(payments.refund(id, refund_id(9), refund).await), "reason");
}

#[tokio::test]
async fn typed() {
    let service = TestService::start().await;
    behaves_like_payments(&*service.payments).await;
}

#[tokio::test]
async fn over_the_wire_where_calls_get_lost_or_arrive_twice() {
    for seed in 0..20 {
        let service = TestService::start().await;
        behaves_like_payments(&*service.over_lossy_wire::<dyn Payments>(seed)).await;
        let captures = service.events(1).await.into_iter().filter(|name| name == "captured");
        assert_eq!(captures.count(), 2, "seed {seed}");
    }
}

#[tokio::test]
async fn over_the_network() {
    let service = TestService::start().await;
    behaves_like_payments(&*service.over_network::<dyn Payments>().await).await;
}
