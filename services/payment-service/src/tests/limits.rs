//! Sums never exceed what they are taken from, and the same key moves money once.

use super::*;

#[test]
fn refund_limit() {
    let all = vectors();
    let of_kind =
        all["vectors"].as_array().unwrap().iter().filter(|it| it["kind"] == "refund_limit");
    let mut count = 0;
    for vector in of_kind {
        let mut books = Books::default();
        let captured = vector["input"]["captured"].as_i64().unwrap();
        books.take_down(Payment::begin(None, order_id(), intent(captured))).unwrap();
        books.learn(&Outcome::Authorised).unwrap();
        books.capture("c", None).unwrap();
        let mut answers = Vec::new();
        for (number, request) in vector["input"]["requests"].as_array().unwrap().iter().enumerate()
        {
            let (key, amount) = match request {
                Value::Object(request) => (7, request["amount"].as_i64()),
                amount => (100 + number as u128, amount.as_i64()),
            };
            answers.push(match books.refund(refund(key, amount)) {
                Ok(0) => "replayed",
                Ok(_) => "ok",
                Err(Rejection::ExceedsRefundable { .. }) => "exceeds_refundable",
                Err(other) => panic!("{other}"),
            });
        }
        assert_eq!(serde_json::json!(answers), vector["expect"]["answers"], "{}", vector["say"]);
        assert_eq!(
            books.payment().refundable(),
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
    let mut books = Books::captured(4_000);
    assert_eq!(books.capture("d", 6_001), Err(Rejection::ExceedsAuthorised { left: eur(6_000) }));
    assert_eq!(books.capture("d", 5_000), Ok(1));
    assert_eq!(books.payment().state, State::PartiallyCaptured);
    assert_eq!(books.capture("e", None), Ok(1), "all that is left");
    assert_eq!((books.payment().state, books.payment().captured()), (State::Captured, 10_000));
}

#[test]
fn the_rest_of_a_part_capture_can_be_set_free() {
    let mut books = Books::captured(4_000);
    books.refund(refund(1, 4_000)).unwrap();
    assert_eq!(books.payment().state, State::PartiallyCaptured, "the rest may still be captured");
    books.void().unwrap();
    assert_eq!((books.payment().state, books.payment().authorised), (State::Refunded, 4_000));
}

#[test]
fn the_same_key_with_another_amount_is_refused_and_with_the_same_changes_nothing() {
    let mut books = Books::captured(4_000);
    assert_eq!(books.capture("c", 4_000), Ok(0));
    assert_eq!(books.capture("c", None), Ok(0));
    assert_eq!(books.capture("c", 4_001), Err(Rejection::OtherContent));
    books.refund(refund(1, 1_000)).unwrap();
    assert_eq!(books.refund(refund(1, 1_000)), Ok(0));
    assert_eq!(books.refund(refund(1, None)), Ok(0));
    assert_eq!(books.refund(refund(1, 999)), Err(Rejection::OtherContent));
    books.cancel().unwrap();
    assert_eq!(books.refund(refund(1, 1_000)), Ok(0), "also after the end");
    assert_eq!(books.capture("c", 4_000), Ok(0), "also after the end");
    let same = Payment::begin(books.payment.as_ref(), order_id(), intent(10_000));
    assert_eq!(same, Ok(Vec::new()));
    for other in [intent(9_999), Intent { token: "other".to_owned(), ..intent(10_000) }] {
        let answer = Payment::begin(books.payment.as_ref(), order_id(), other);
        assert_eq!(answer, Err(Rejection::OtherContent));
    }
}

#[test]
fn amounts_must_be_of_the_payment() {
    let mut books = Books::captured(4_000);
    for amount in [0, -1, i64::MIN] {
        assert_eq!(books.capture("d", amount), Err(Rejection::NothingToMove));
        assert_eq!(books.refund(refund(1, amount)), Err(Rejection::NothingToMove));
    }
    let dollars = Money::new(1, Currency::USD);
    let refused = Err(Rejection::OtherCurrency { of: Currency::EUR });
    assert_eq!(books.payment().capture("d", Some(dollars), &AT_ONCE), refused);
    let order = RefundOrder { amount: Some(dollars), ..refund(1, None) };
    assert_eq!(books.payment().refund(order, &AT_ONCE), refused);
    assert_eq!(
        books.capture("d", i64::MAX),
        Err(Rejection::ExceedsAuthorised { left: eur(6_000) })
    );
}

#[test]
fn what_is_under_way_counts_until_the_processor_refuses() {
    let mut books = Books::captured(10_000);
    let asked = books.payment().refund(refund(1, 6_000), &LATER);
    assert_eq!(books.take_down(asked), Ok(1));
    assert!(books.payment().is_unsettled());
    assert_eq!(
        books.refund(refund(2, 6_000)),
        Err(Rejection::ExceedsRefundable { refundable: eur(4_000) })
    );
    assert_eq!(books.refund(refund(1, 6_000)), Ok(0), "still under way");

    let key = books.payment().asked[0].key.clone();
    let refused = books.payment().settle(&key, &Answer::Refused { reason: "closed".to_owned() });
    books.take_down(Ok(refused)).unwrap();
    assert_eq!(books.refund(refund(2, 6_000)), Ok(1));
    assert_eq!(books.payment().settle(&key, &Answer::Done), Vec::new(), "an answer to nothing");
    assert!(!books.payment().is_unsettled());
}

#[test]
fn nothing_is_taken_from_what_is_being_set_free_and_the_other_way_round() {
    let mut books = Books::authorised();
    let capturing = books.payment().capture("c", Some(eur(1_000)), &LATER).unwrap();
    let voiding = books.payment().void(&LATER).unwrap();
    let mut other = books.clone();
    books.take_down(Ok(capturing)).unwrap();
    assert_eq!(books.void(), Err(Rejection::OutcomeUnknown));
    assert_eq!(books.capture("d", 9_001), Err(Rejection::ExceedsAuthorised { left: eur(9_000) }));
    other.take_down(Ok(voiding)).unwrap();
    assert_eq!(other.capture("c", 1_000), Err(Rejection::Already(State::Voided)));
    assert_eq!(other.void(), Ok(0));
    let settled = other.payment().settle("void", &Answer::Done);
    other.take_down(Ok(settled)).unwrap();
    assert_eq!(other.payment().state, State::Voided);
}
