//! Limits of transfers: sums never exceed the amount they are taken from, and one key transfers money once.

use super::*;

#[test]
fn refund_limit() {
    let all = vectors();
    let of_kind =
        all["vectors"].as_array().unwrap().iter().filter(|it| it["kind"] == "refund_limit");
    let mut count = 0;
    for vector in of_kind {
        let mut fixture = PaymentFixture::default();
        let captured = vector["input"]["captured"].as_i64().unwrap();
        fixture.record(Payment::create(None, order_id(), intent(captured))).unwrap();
        fixture.apply_outcome(&AuthorisationOutcome::Authorised).unwrap();
        fixture.capture("c", None).unwrap();
        let mut answers = Vec::new();
        for (number, request) in vector["input"]["requests"].as_array().unwrap().iter().enumerate()
        {
            let (key, amount) = match request {
                Value::Object(request) => (7, request["amount"].as_i64()),
                amount => (100 + number as u128, amount.as_i64()),
            };
            answers.push(match fixture.refund(refund(key, amount)) {
                Ok(0) => "replayed",
                Ok(_) => "ok",
                Err(Rejection::ExceedsRefundable { .. }) => "exceeds_refundable",
                Err(other) => panic!("{other}"),
            });
        }
        assert_eq!(serde_json::json!(answers), vector["expect"]["answers"], "{}", vector["say"]);
        assert_eq!(
            fixture.payment().refundable(),
            vector["expect"]["refundable"],
            "{}",
            vector["say"]
        );
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn a_payment_is_captured_in_parts_up_to_what_is_authorised() {
    let mut fixture = PaymentFixture::captured(4_000);
    assert_eq!(fixture.capture("d", 6_001), Err(Rejection::ExceedsAuthorised { left: eur(6_000) }));
    assert_eq!(fixture.capture("d", 5_000), Ok(1));
    assert_eq!(fixture.payment().state(), PaymentState::PartiallyCaptured);
    assert_eq!(fixture.capture("e", None), Ok(1), "all that is left");
    assert_eq!(
        (fixture.payment().state(), fixture.payment().captured()),
        (PaymentState::Captured, 10_000)
    );
}

#[test]
fn the_rest_of_a_partial_capture_can_be_voided() {
    let mut fixture = PaymentFixture::captured(4_000);
    fixture.refund(refund(1, 4_000)).unwrap();
    assert_eq!(
        fixture.payment().state(),
        PaymentState::PartiallyCaptured,
        "the rest may still be captured"
    );
    fixture.void().unwrap();
    assert_eq!(
        (fixture.payment().state(), fixture.payment().funds.authorised),
        (PaymentState::Refunded, 4_000)
    );
}

#[test]
fn a_repeated_key_is_refused_with_another_amount_and_changes_nothing_with_the_same() {
    let mut fixture = PaymentFixture::captured(4_000);
    assert_eq!(fixture.capture("c", 4_000), Ok(0));
    assert_eq!(fixture.capture("c", None), Ok(0));
    assert_eq!(fixture.capture("c", 4_001), Err(Rejection::IdReused));
    fixture.refund(refund(1, 1_000)).unwrap();
    assert_eq!(fixture.refund(refund(1, 1_000)), Ok(0));
    assert_eq!(fixture.refund(refund(1, None)), Ok(0));
    assert_eq!(fixture.refund(refund(1, 999)), Err(Rejection::IdReused));
    fixture.cancel().unwrap();
    assert_eq!(fixture.refund(refund(1, 1_000)), Ok(0), "also after the end");
    assert_eq!(fixture.capture("c", 4_000), Ok(0), "also after the end");
    let same = Payment::create(fixture.payment.as_ref(), order_id(), intent(10_000));
    assert_eq!(same, Ok(Vec::new()));
    for other in [intent(9_999), PaymentIntent { token: "other".to_owned(), ..intent(10_000) }] {
        let answer = Payment::create(fixture.payment.as_ref(), order_id(), other);
        assert_eq!(answer, Err(Rejection::IdReused));
    }
}

#[test]
fn amounts_must_be_positive_and_in_the_currency_of_the_payment() {
    let mut fixture = PaymentFixture::captured(4_000);
    for amount in [0, -1, i64::MIN] {
        assert_eq!(fixture.capture("d", amount), Err(Rejection::AmountNotPositive));
        assert_eq!(fixture.refund(refund(1, amount)), Err(Rejection::AmountNotPositive));
    }
    let dollars = Money::new(1, Currency::USD);
    let refused = Err(Rejection::CurrencyMismatch { of: Currency::EUR });
    assert_eq!(fixture.payment().capture("d", Some(dollars), &INLINE), refused);
    let order = RefundRequest { amount: Some(dollars), ..refund(1, None) };
    assert_eq!(fixture.payment().refund(order, &INLINE), refused);
    assert_eq!(
        fixture.capture("d", i64::MAX),
        Err(Rejection::ExceedsAuthorised { left: eur(6_000) })
    );
}

#[test]
fn pending_transfers_count_until_the_processor_refuses() {
    let mut fixture = PaymentFixture::captured(10_000);
    let requested = fixture.payment().refund(refund(1, 6_000), &REMOTE);
    assert_eq!(fixture.record(requested), Ok(1));
    assert!(fixture.payment().is_unsettled());
    assert_eq!(
        fixture.refund(refund(2, 6_000)),
        Err(Rejection::ExceedsRefundable { refundable: eur(4_000) })
    );
    assert_eq!(fixture.refund(refund(1, 6_000)), Ok(0), "still pending");

    let key = fixture.payment().funds.pending_transfers[0].key.clone();
    let refused =
        fixture.payment().settle(&key, &TransferOutcome::Refused { reason: "closed".to_owned() });
    fixture.record(Ok(refused)).unwrap();
    assert_eq!(fixture.refund(refund(2, 6_000)), Ok(1));
    assert_eq!(
        fixture.payment().settle(&key, &TransferOutcome::Done),
        Vec::new(),
        "no transfer is pending"
    );
    assert!(!fixture.payment().is_unsettled());
}

#[test]
fn a_pending_void_blocks_captures_and_a_pending_capture_blocks_voids() {
    let mut fixture = PaymentFixture::authorised();
    let capturing = fixture.payment().capture("c", Some(eur(1_000)), &REMOTE).unwrap();
    let voiding = fixture.payment().void(&REMOTE).unwrap();
    let mut other = fixture.clone();
    fixture.record(Ok(capturing)).unwrap();
    assert_eq!(fixture.void(), Err(Rejection::OutcomeUnknown));
    assert_eq!(fixture.capture("d", 9_001), Err(Rejection::ExceedsAuthorised { left: eur(9_000) }));
    other.record(Ok(voiding)).unwrap();
    assert_eq!(other.capture("c", 1_000), Err(Rejection::Already(PaymentState::Voided)));
    assert_eq!(other.void(), Ok(0));
    let settled = other.payment().settle("void", &TransferOutcome::Done);
    other.record(Ok(settled)).unwrap();
    assert_eq!(other.payment().state(), PaymentState::Voided);
}
