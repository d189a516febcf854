//! Suite of the contract, run three ways: typed; over the wire in process, where calls get lost or arrive twice; and
//! over the network.

use crate::{
    TestService, authorisation, code, eur, field, order_id, payment_id, refund_id, refusal,
};
use async_trait::async_trait;
use contracts::{
    payment::{
        self, Authorisation, Capture, OfferedMethods, Payment, PaymentState, Payments, Refund,
    },
    shared::{OrderId, PaymentId, RefundId},
};
use kernel::SeededRandomness;
use rpc::{CallError, Contract};
use std::{future::pending, sync::Arc};
use telemetry::Metrics;
use tokio::net::TcpListener;
use transport::CallPolicy;
use web::ServeOptions;

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
    let refused = refusal(refund(2, Some(7_001)).await);
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
        let loopback = transport::loopback(payment::SERVICE, service.router.clone());
        let client = <dyn Payments as Contract>::client(transport::chaos(loopback, seed));
        behaves_like_payments(&Retried(client)).await;
        let captures = service.events(1).await.into_iter().filter(|name| name == "captured");
        assert_eq!(captures.count(), 2, "seed {seed}");
    }
}

#[tokio::test]
async fn over_the_network() {
    let service = TestService::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (policy, randomness) = (CallPolicy::default(), Arc::new(SeededRandomness::new(1)));
    let channel =
        transport::network(payment::SERVICE, vec![address], policy, randomness, &Metrics::new());
    let client = <dyn Payments as Contract>::client(channel);
    let server = web::serve(listener, service.router.clone(), ServeOptions::default(), pending());
    tokio::select! {
        outcome = server => panic!("the server stopped: {outcome:?}"),
        () = behaves_like_payments(&*client) => {}
    }
}

/// Contract whose calls are repeated until an answer comes, as callers may with idempotent operations.
#[derive(Debug)]
struct Retried(Arc<dyn Payments>);

async fn retried<T, F: Future<Output = Result<T, CallError>>>(
    call: impl Fn() -> F,
) -> Result<T, CallError> {
    loop {
        match call().await {
            Err(CallError::Unavailable { .. }) => {}
            answer => return answer,
        }
    }
}

#[async_trait]
impl Payments for Retried {
    async fn methods(&self) -> Result<OfferedMethods, CallError> {
        retried(|| self.0.methods()).await
    }

    async fn authorise(&self, id: PaymentId, new: Authorisation) -> Result<Payment, CallError> {
        retried(|| self.0.authorise(id, new.clone())).await
    }

    async fn capture(
        &self,
        id: PaymentId,
        reference: String,
        capture: Capture,
    ) -> Result<Payment, CallError> {
        retried(|| self.0.capture(id, reference.clone(), capture)).await
    }

    async fn cancel(&self, id: PaymentId, order_id: OrderId) -> Result<(), CallError> {
        retried(|| self.0.cancel(id, order_id)).await
    }

    async fn refund(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: Refund,
    ) -> Result<Payment, CallError> {
        retried(|| self.0.refund(id, refund_id, refund.clone())).await
    }
}
