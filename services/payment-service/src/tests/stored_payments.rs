//! Stored payments: each progress, folded from the events as they stand in journals.

use super::*;
use journal::test_vectors;

const ORDER: &str = "00000000-0000-0000-0000-000000000001";

/// Payment folded from stored events: the kind with its data, and the state after it.
fn folded(events: &[(&str, &str)]) -> Payment {
    let created = r#""type":"created","amount":{"amount":10000,"currency":"EUR"},"method":"test","token":"t","at":"2026-01-01T00:00:00Z""#;
    let mut payment = None;
    for (kind, state) in events {
        let kind = if *kind == "created" { created } else { kind };
        let text = format!(r#"{{"order_id":"{ORDER}","state":"{state}",{kind}}}"#);
        let event: PaymentEvent = serde_json::from_str(&text).unwrap();
        let after = Payment::evolve(payment, &event);
        assert_eq!(after.state(), event.state, "{text}");
        payment = Some(after);
    }
    payment.unwrap()
}

#[test]
fn stored_events_keep_their_formats() {
    let vectors = include_str!("../../tests/stored_events.jsonl");
    let events = test_vectors::check_values::<PaymentEvent>(vectors);
    test_vectors::check_variants(events.iter().map(|event| &event.kind));
    test_vectors::check_variants(events.iter().map(|event| &event.state));
    let transfers = events.iter().filter_map(|event| match &event.kind {
        PaymentEventKind::TransferRequested(transfer) => Some(&transfer.kind),
        _ => None,
    });
    test_vectors::check_variants(transfers);
}

#[test]
fn a_barred_payment_has_no_intent() {
    let payment = folded(&[(r#""type":"barred""#, "voided")]);
    assert_eq!((payment.intent(), payment.funds.authorised, payment.failure()), (None, 0, None));
    let again = Payment::create(Some(&payment), order_id(), intent(10_000));
    assert_eq!(again, Err(Rejection::Already(PaymentState::Voided)));
}

#[test]
fn a_payment_that_was_cancelled_while_unknown_ends_with_its_outcome() {
    let cancelled = [
        ("created", "created"),
        (r#""type":"outcome_unknown""#, "unknown"),
        (r#""type":"cancellation_asked""#, "unknown"),
        (r#""type":"message_taken","message_id":"m""#, "unknown"),
    ];
    let payment = folded(&cancelled);
    assert_eq!(payment.void(&INLINE), Ok(vec![]), "it is cancelled already");
    let late = [
        (r#""type":"authorised_too_late""#, "voided"),
        (
            r#""type":"asked","key":"void","amount":{"amount":10000,"currency":"EUR"},"move":"void""#,
            "voided",
        ),
    ];
    let payment = folded(&[&cancelled[..], &late].concat());
    assert_eq!((payment.funds.authorised, payment.funds.pending_transfers.len()), (10_000, 1));
    let voided = (r#""type":"voided","amount":{"amount":10000,"currency":"EUR"}"#, "voided");
    let payment = folded(&[&cancelled[..], &late, &[voided]].concat());
    assert_eq!((payment.funds.authorised, payment.funds.pending_transfers.len()), (0, 0));
    assert_eq!(payment.receive_message("m", &declined(), &INLINE), Ok(vec![]), "it was received");
    let declined = (r#""type":"declined","reason":"no""#, "failed");
    assert_eq!(folded(&[&cancelled[..], &[declined]].concat()).failure(), Some("no"));
}

#[test]
fn a_declined_payment_that_was_authorised_too_late_says_why_it_failed() {
    let payment = folded(&[
        ("created", "created"),
        (r#""type":"action_required""#, "requires_action"),
        (r#""type":"declined","reason":"no funds""#, "failed"),
        (r#""type":"authorised_too_late""#, "voided"),
        (r#""type":"voided","amount":{"amount":10000,"currency":"EUR"}"#, "voided"),
    ]);
    assert_eq!((payment.failure(), payment.funds.authorised), (Some("no funds"), 0));
    let again = payment.apply_outcome(&AuthorisationOutcome::Authorised, &INLINE);
    assert_eq!(again, Ok(vec![]), "it was voided already");
}

#[test]
fn a_payment_that_was_voided_unauthorised_can_still_be_authorised_too_late() {
    let ended = [
        ("created", "created"),
        (r#""type":"voided","amount":{"amount":0,"currency":"EUR"}"#, "voided"),
    ];
    let payment = folded(&ended);
    let names = |payment: &Payment| {
        let events = payment.apply_outcome(&AuthorisationOutcome::Authorised, &INLINE).unwrap();
        events.iter().map(|event| event.kind.name()).collect::<Vec<_>>()
    };
    assert_eq!(names(&payment), ["authorised_too_late", "voided"]);
}

#[test]
fn money_moves_between_authorisation_and_refund() {
    let payment = folded(&[
        ("created", "created"),
        (r#""type":"authorised""#, "authorised"),
        (
            r#""type":"captured","reference":"a","amount":{"amount":4000,"currency":"EUR"}"#,
            "partially_captured",
        ),
        (
            r#""type":"asked","key":"refund 7","amount":{"amount":1000,"currency":"EUR"},"move":"refund","refund_id":"00000000-0000-0000-0000-000000000007","reason":"r","at":"2026-01-01T00:00:00Z""#,
            "partially_captured",
        ),
        (r#""type":"refused","key":"refund 7","reason":"closed""#, "partially_captured"),
        (r#""type":"voided","amount":{"amount":6000,"currency":"EUR"}"#, "captured"),
        (
            r#""type":"refunded","refund_id":"00000000-0000-0000-0000-000000000008","amount":{"amount":4000,"currency":"EUR"},"reason":"r","at":"2026-01-01T00:00:00Z""#,
            "refunded",
        ),
    ]);
    assert_eq!(
        (payment.funds.authorised, payment.captured(), payment.refunded()),
        (4_000, 4_000, 4_000)
    );
    assert!(payment.funds.pending_transfers.is_empty());
}

#[test]
fn money_that_moved_without_an_authorisation_is_not_lost() {
    let captured = r#""type":"captured","reference":"1","amount":{"amount":500,"currency":"EUR"}"#;
    let text = format!(r#"{{"order_id":"{ORDER}","state":"captured",{captured}}}"#);
    for before in [None, Some(folded(&[("created", "created")]))] {
        let payment = Payment::evolve(before, &serde_json::from_str(&text).unwrap());
        assert_eq!((payment.funds.authorised, payment.captured()), (0, 500));
    }
}
