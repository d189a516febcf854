//! Offered methods: they decide about new payments alone, whatever the settings were when a payment was made.

use crate::{SECRET, TestService, eur, order_id, payment_id};
use contracts::payment::{
    ActionOutcome, Authorisation, INVOICE, OfferedMethod, PREPAYMENT, Payment, PaymentAction,
    PaymentMethod, PaymentState,
};
use engine_memory::MemoryEngine;
use kernel::ManualClock;
use rpc::CallError;
use std::sync::Arc;
use testkit::{code, problem};

const ALL: &[(&str, &str)] = &[
    ("test_payments", "true"),
    ("prepayment", "true"),
    ("invoice", "true"),
    ("bank_details", "Lamp Shop, DE02 1203 0000 0000 2020 51"),
    ("invoice_days", "30"),
];

async fn offering(settings: &[(&str, &str)]) -> TestService {
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    TestService::with_settings(MemoryEngine::new(), Arc::new(clock), settings).await
}

async fn authorise(
    service: &TestService,
    number: u128,
    method: &str,
    token: &str,
) -> Result<Payment, CallError> {
    let payment = PaymentMethod { method: method.to_owned(), token: token.to_owned() };
    let new = Authorisation { order_id: order_id(number), amount: eur(10_000), payment };
    service.payments.authorise(payment_id(number), new).await
}

#[tokio::test]
async fn each_offered_method_is_listed_with_what_its_page_shows() {
    let service = offering(ALL).await;
    let details = Some("Lamp Shop, DE02 1203 0000 0000 2020 51".to_owned());
    let offered = |method: &str, needs_token, bank_details: &Option<String>, days_to_pay| {
        let (method, bank_details) = (method.to_owned(), bank_details.clone());
        OfferedMethod { method, needs_token, bank_details, days_to_pay }
    };
    let expected = [
        offered("test", true, &None, None),
        offered(PREPAYMENT, false, &details, None),
        offered(INVOICE, false, &details, Some(30)),
    ];
    assert_eq!(service.payments.methods().await.unwrap().items, expected);
    let nothing = offering(&[]).await;
    assert_eq!(nothing.payments.methods().await.unwrap().items, []);
    assert_eq!(code(authorise(&nothing, 1, PREPAYMENT, "").await), "method_not_offered");
    assert_eq!(code(authorise(&nothing, 1, INVOICE, "").await), "method_not_offered");
    assert_eq!(code(authorise(&nothing, 1, "test", "success").await), "test_payments_off");
}

#[tokio::test]
async fn bank_transfers_arrive_in_parts_up_to_what_is_due() {
    let service = offering(ALL).await;
    for (number, method) in [(1, PREPAYMENT), (2, INVOICE)] {
        let problem = problem(authorise(&service, number, method, "success").await);
        assert_eq!(problem.errors[0].field, "payment.token");
        let payment = authorise(&service, number, method, "").await.unwrap();
        assert_eq!((payment.state, payment.captured), (PaymentState::Authorised, eur(0)));
        let part = service.capture(number, "a", 4_000).await.unwrap();
        assert_eq!((part.state, part.captured), (PaymentState::PartiallyCaptured, eur(4_000)));
        assert_eq!(code(service.capture(number, "b", 6_001).await), "exceeds_authorised");
        let paid = service.capture(number, "b", 6_000).await.unwrap();
        assert_eq!((paid.state, paid.captured), (PaymentState::Captured, eur(10_000)));
        let refunded = service.refund(number, 10 + number, 2_500).await.unwrap();
        assert_eq!(refunded.refunded, eur(2_500));
    }
}

#[tokio::test(start_paused = true)]
async fn payments_of_a_method_that_is_no_longer_offered_go_on() {
    let made = offering(ALL).await;
    let methods = [("test", "success"), (PREPAYMENT, ""), (INVOICE, "")];
    for (index, (method, token)) in methods.iter().enumerate() {
        let base = 10 * index as u128;
        for number in [base + 1, base + 2, base + 3] {
            authorise(&made, number, method, token).await.unwrap();
        }
        made.capture(base + 3, "c", None).await.unwrap();
    }
    for (number, token) in [
        (41, "requires_action"),
        (42, "requires_action"),
        (43, "unknown_outcome"),
        (44, "unknown_outcome"),
    ] {
        authorise(&made, number, "test", token).await.unwrap();
    }

    let service = made.restarted_with(&[("webhook_secret", SECRET)]).await;
    for (index, (method, token)) in methods.iter().enumerate() {
        let base = 10 * index as u128;
        let refused = code(authorise(&service, base + 9, method, token).await);
        assert!(["test_payments_off", "method_not_offered"].contains(&refused.as_str()));
        // A repeated request finds its payment.
        let again = authorise(&service, base + 1, method, token).await.unwrap();
        assert_eq!(again.state, PaymentState::Authorised);
        service.capture(base + 1, "c", None).await.unwrap();
        service.cancel(base + 2).await.unwrap();
        service.refund(base + 3, 100 + base, 1_000).await.unwrap();
        assert_eq!(service.state(base + 1).await, PaymentState::Captured);
        assert_eq!(service.state(base + 2).await, PaymentState::Voided);
        assert_eq!(service.state(base + 3).await, PaymentState::Captured);
    }
    let approve = PaymentAction { outcome: ActionOutcome::Approve };
    service.api().complete_action(payment_id(41), &approve).await.unwrap();
    service.cancel(42).await.unwrap();
    service.cancel(44).await.unwrap();
    service.advance(10).await;
    let mut states = Vec::new();
    for number in [41, 42, 43, 44] {
        states.push(service.state(number).await);
    }
    let (authorised, voided) = (PaymentState::Authorised, PaymentState::Voided);
    assert_eq!(states, [authorised, voided, authorised, voided]);
}
