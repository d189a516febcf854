//! Errors: what is refused, and with which code.

use crate::{TestService, eur, order_id, payment_id, refund_id};
use contracts::payment::{self, Authorisation, PaymentMethod, PaymentState, Refund};
use engine_memory::MemoryEngine;
use kernel::{Currency, Money};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{code, field, problem};

#[tokio::test]
async fn a_payment_that_the_bank_declines_has_failed() {
    let service = TestService::start().await;
    for (number, token, failure) in
        [(1, "decline", "declined"), (2, "insufficient_funds", "insufficient_funds")]
    {
        let payment = service.authorise(number, token).await.unwrap();
        assert_eq!(
            (payment.state, payment.failure.as_deref()),
            (PaymentState::Failed, Some(failure))
        );
        assert_eq!(payment.authorised, eur(0));
        assert_eq!(service.authorise(number, token).await.unwrap(), payment);
        let captured = service.capture(number, "c", None).await;
        assert_eq!(code(captured), "payment_ended");
        service.cancel(number).await.unwrap();
    }
}

#[tokio::test]
async fn test_payments_are_refused_where_they_are_disabled() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    let off = TestService::on(MemoryEngine::new(), Arc::clone(&service.clock), "false").await;
    let problem = problem(off.authorise(2, "success").await);
    assert_eq!((problem.status, problem.code.as_str()), (422, "test_payments_off"));
    assert_eq!(off.events(2).await, Vec::<String>::new());
}

#[tokio::test]
async fn invalid_input_is_refused_with_the_name_of_the_field() {
    let service = TestService::start().await;
    service.captured(1).await;
    let authorise = async |method: &str, token: &str, amount: i64| {
        let (method, token) = (method.to_owned(), token.to_owned());
        let payment = PaymentMethod { method, token };
        let new = Authorisation { order_id: order_id(2), amount: eur(amount), payment };
        field(service.payments.authorise(payment_id(2), new).await)
    };
    assert_eq!(authorise("cash", "success", 1_000).await, "payment.method");
    assert_eq!(authorise("test", "gold", 1_000).await, "payment.token");
    for amount in [0, -5] {
        assert_eq!(authorise("test", "success", amount).await, "amount");
    }
    let long = "x".repeat(201);
    assert_eq!(field(service.capture(1, &long, None).await), "reference");
    assert_eq!(field(service.refund(1, 9, 0).await), "amount");
    let refund = async |amount, reason: &str| {
        let refund = Refund { amount, reason: reason.to_owned() };
        service.payments.refund(payment_id(1), refund_id(9), refund).await
    };
    assert_eq!(field(refund(None, &"x".repeat(501)).await), "reason");
    let dollars = Money::new(1, Currency::USD);
    assert_eq!(code(refund(Some(dollars), "").await), "currency_mismatch");
    assert_eq!(service.api().payment(payment_id(1)).await.unwrap().refunded, eur(0));
}

#[tokio::test]
async fn arguments_that_are_not_those_of_the_contract_are_refused() {
    let service = TestService::start().await;
    service.captured(1).await;
    let (id, payment) = (payment_id(1), json!({"method": "test", "token": "success"}));
    let authorisation =
        |amount: Value| json!({"order_id": order_id(2), "amount": amount, "payment": payment});
    let rows = [
        (
            "authorise",
            json!({"id": payment_id(2), "authorisation": authorisation(json!({"amount": 1, "currency": "XXY"}))}),
        ),
        (
            "authorise",
            json!({"id": payment_id(2), "authorisation": authorisation(json!({"amount": 1.5, "currency": "EUR"}))}),
        ),
        ("capture", json!({"id": id, "reference": "c", "capture": {"amount": eur(1), "tip": 1}})),
        ("refund", json!({"id": id, "refund_id": refund_id(9), "refund": {"amount": eur(1)}})),
        ("refund", json!({"id": "nobody", "refund_id": refund_id(9), "refund": {"reason": ""}})),
    ];
    for (operation, arguments) in rows {
        let call = service.client().post(rpc::call_path(payment::SERVICE, operation));
        let problem = problem(call.json(&arguments).send::<Value>().await);
        let refused = (problem.status, problem.code.as_str());
        assert_eq!(refused, (422, "invalid_field"), "{operation} {arguments}");
    }
    assert_eq!(service.events(1).await, ["created", "authorised", "captured"]);
    assert_eq!(service.events(2).await, Vec::<String>::new());
}

#[tokio::test]
async fn unknown_payments_are_not_found() {
    let service = TestService::start().await;
    assert_eq!(code(service.api().payment(payment_id(1)).await), "not_found");
    assert_eq!(code(service.capture(1, "c", None).await), "not_found");
    assert_eq!(code(service.refund(1, 1, None).await), "not_found");
    service.authorise(2, "success").await.unwrap();
    assert_eq!(code(service.refund(2, 1, None).await), "not_captured");
}

#[tokio::test]
async fn a_webhook_beyond_the_limit_of_bodies_is_refused_before_its_signature_is_looked_at() {
    let service = TestService::start().await;
    let post = async |bytes: usize| {
        let post = service.client().post("/api/v1/webhooks/payments/test");
        code(post.json(&"x".repeat(bytes)).send_empty().await)
    };
    assert_eq!(post((1 << 20) + 1).await, "body_too_large");
    assert_ne!(post(1 << 10).await, "body_too_large");
}
