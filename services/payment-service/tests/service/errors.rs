//! Errors: what is refused, and with which code.

use crate::{TestService, code, eur, order_id, payment_id, refusal};
use contracts::payment::{Capture, PaymentState, Refund};
use contracts::shared::RefundId;
use engine_memory::MemoryEngine;
use kernel::Uuid;
use serde_json::{Value, json};
use std::sync::Arc;

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
        let captured = service.client().capture(payment_id(number), "c", &Capture::default()).await;
        assert_eq!(code(captured), "payment_ended");
        service.client().cancel(payment_id(number), order_id(number)).await.unwrap();
    }
}

#[tokio::test]
async fn test_payments_are_refused_where_they_are_disabled() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    let off = TestService::on(MemoryEngine::new(), Arc::clone(&service.clock), "false").await;
    let problem = refusal(off.authorise(2, "success").await);
    assert_eq!((problem.status, problem.code.as_str()), (422, "test_payments_off"));
    assert_eq!(off.events(2).await, Vec::<String>::new());
}

#[tokio::test]
async fn invalid_input_is_refused_with_the_name_of_the_field() {
    let service = TestService::start().await;
    service.captured(1).await;
    let authorisation = |method: &str, token: &str, amount: Value| {
        let payment = json!({"method": method, "token": token});
        json!({"order_id": order_id(2), "amount": amount, "payment": payment})
    };
    let new = format!("/internal/v1/payments/{}", payment_id(2));
    let captures = format!("/internal/v1/payments/{}/captures/c", payment_id(1));
    let refunds = format!("/internal/v1/payments/{}/refunds/{}", payment_id(1), payment_id(9));
    let money = json!(eur(1_000));
    let rows = [
        (&new, authorisation("cash", "success", money.clone()), 422, "payment.method"),
        (&new, authorisation("test", "gold", money.clone()), 422, "payment.token"),
        (&new, authorisation("test", "success", json!(eur(0))), 422, "amount"),
        (&new, authorisation("test", "success", json!(eur(-5))), 422, "amount"),
        (
            &new,
            authorisation("test", "success", json!({"amount": 1, "currency": "XXY"})),
            422,
            "amount.currency",
        ),
        (
            &new,
            authorisation("test", "success", json!({"amount": 1.5, "currency": "EUR"})),
            422,
            "amount.amount",
        ),
        (&captures, json!({"amount": eur(1), "tip": 1}), 422, "tip"),
        (&refunds, json!({"amount": eur(0), "reason": ""}), 422, "amount"),
        (&refunds, json!({"amount": eur(1)}), 422, "reason"),
        (&refunds, json!({"reason": "x".repeat(501)}), 422, "reason"),
    ];
    for (path, body, status, field) in rows {
        let problem = refusal(service.raw().put(path.as_str()).json(&body).send::<Value>().await);
        let named = problem.errors.first().map(|error| error.field.as_str());
        assert_eq!((problem.status, named), (status, Some(field)), "{path} {body}");
    }
    let dollars = json!({"amount": {"amount": 1, "currency": "USD"}, "reason": ""});
    assert_eq!(
        code(service.raw().put(refunds).json(&dollars).send::<Value>().await),
        "currency_mismatch"
    );
    assert_eq!(service.client().payment(payment_id(1)).await.unwrap().refunded, eur(0));
}

#[tokio::test]
async fn unknown_payments_are_not_found() {
    let service = TestService::start().await;
    let client = service.client();
    assert_eq!(code(client.payment(payment_id(1)).await), "not_found");
    assert_eq!(code(client.capture(payment_id(1), "c", &Capture::default()).await), "not_found");
    let refund = Refund { amount: None, reason: String::new() };
    let id = RefundId(Uuid::from_u128(1));
    assert_eq!(code(client.refund(payment_id(1), id, &refund).await), "not_found");
    service.authorise(2, "success").await.unwrap();
    assert_eq!(code(client.refund(payment_id(2), id, &refund).await), "not_captured");
}
