//! Stored formats: what an earlier version of the service has stored is read, and written again byte for byte.

use crate::{
    application::{
        cancellation_saga::CancellationInput, checkout_input::CheckoutInput,
        fulfilment_saga::FulfilmentInput, list_orders::SagaPosition, receipt_saga::ReceiptInput,
        refund_saga::RefundInput,
    },
    domain::events::{OrderEvent, PaymentTerms, address_book::AddressBookEvent},
};
use journal::test_vectors;
use serde::{Serialize, de::DeserializeOwned};

fn stays<T: DeserializeOwned + Serialize>(stored: &str) {
    let read: T = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
}

const ADDRESS: &str = r#"{"name":"Ada","line1":"Ringstr. 1","city":"Bonn","country":"DE"}"#;
const ID: &str = "00000000-0000-0000-0000-00000000ede5";

#[test]
fn inputs_of_sagas() {
    let rest = format!(
        r#""email":"a@b.c","shipping_address":{ADDRESS},"billing_address":null,"shipping_method":null,"payment_method":"test","payment_token":"success","expected_total":null,"begun_at":"2026-11-22T12:00:00Z""#
    );
    stays::<CheckoutInput>(&format!(
        r#"{{"order_id":"{ID}","source":{{"type":"cart","cart_id":"{ID}"}},{rest}}}"#
    ));
    stays::<CheckoutInput>(&format!(
        r#"{{"order_id":"{ID}","source":{{"type":"lines","lines":[["MUG-a",2]],"currency":"EUR"}},{rest},"capture":"at_fulfilment"}}"#
    ));
    stays::<CancellationInput>(&format!(
        r#"{{"order_id":"{ID}","hold_id":"{ID}","payment_id":"{ID}","reason":"too dear"}}"#
    ));
    stays::<ReceiptInput>(&format!(
        r#"{{"order_id":"{ID}","payment_id":"{ID}","operation":"{ID}","amount":{{"amount":5,"currency":"EUR"}},"reference":"statement 7"}}"#
    ));
    stays::<FulfilmentInput>(&format!(r#"{{"order_id":"{ID}","payment_id":"{ID}"}}"#));
    for scope in
        [r#"{"units":[["MUG-a",1]]}"#, r#"{"sum":{"amount":5,"currency":"EUR"}}"#, r#""rest""#]
    {
        stays::<RefundInput>(&format!(
            r#"{{"order_id":"{ID}","refund_id":"{ID}","hold_id":"{ID}","payment_id":"{ID}","what":{scope},"restock":true,"reason":"broken"}}"#
        ));
    }
}

#[test]
fn events() {
    let at = r#""at":"2026-11-22T12:00:00Z""#;
    let euro = |amount: i64| format!(r#"{{"amount":{amount},"currency":"EUR"}}"#);
    let of = format!(r#""of":{{"number":1000001,"total":{},"status":"confirmed"}}"#, euro(5));
    let (five, one, none) = (euro(5), euro(1), euro(0));
    stays::<OrderEvent>(&format!(
        r#"{{"type":"placed","number":1000001,"currency":"EUR","lines":[{{"sku":"MUG-a","product_id":"{ID}","name":"Mug","options":{{"Colour":"Clay"}},"quantity":1,"unit_price":{five},"total":{five},"tax":{one},"tax_rate":"0.19","paid":{five}}}],"shipping":{{"method":"standard","label":"Standard","price":{none},"tax":{none}}},"totals":{{"items":{five},"discount":{none},"shipping":{none},"tax":{one},"total":{five},"tax_included":true}},"email":"a@b.c","shipping_address":{ADDRESS},"billing_address":{ADDRESS},"cart_id":"{ID}","hold_id":"{ID}","payment_id":"{ID}","payment_method":"test",{at}}}"#
    ));
    stays::<OrderEvent>(&format!(
        r#"{{"type":"refund_reserved","refund":{{"id":"{ID}","amount":{five},"tax":{one},"units":[{{"sku":"MUG-a","from":0,"until":1}}],"restock":true,"reason":"broken"}},{at}}}"#
    ));
    stays::<OrderEvent>(&format!(r#"{{"type":"captured","captured":{five},{of},{at}}}"#));
    stays::<OrderEvent>(&format!(
        r#"{{"type":"captured","captured":{five},{of},{at},"reference":"statement 7"}}"#
    ));
    for terms in ["prepayment", "invoice"] {
        stays::<PaymentTerms>(&format!(
            r#"{{"type":"{terms}","bank_details":"DE02","pay_by":"2026-11-29T12:00:00Z"}}"#
        ));
    }
    stays::<OrderEvent>(&format!(r#"{{"type":"refunded","id":"{ID}","amount":{five},{of},{at}}}"#));
    stays::<OrderEvent>(&format!(
        r#"{{"type":"refund_dropped","id":"{ID}","reason":"declined",{at}}}"#
    ));
}

#[test]
fn events_in_both_formats() {
    let vectors = include_str!("../../tests/stored_events.jsonl");
    let events = test_vectors::check_values::<OrderEvent>(vectors);
    test_vectors::check_variants(&events);
    let terms = events.iter().filter_map(|event| match event {
        OrderEvent::Placed(placed) => Some(&placed.terms),
        _ => None,
    });
    test_vectors::check_variants(terms);
    let states: Vec<_> = events.iter().filter_map(|event| Some(event.summary()?.status)).collect();
    test_vectors::check_variants(&states);
}

#[test]
fn inputs_of_sagas_in_both_formats() {
    let vectors = include_str!("../../tests/stored_checkouts.jsonl");
    let checkouts = test_vectors::check_values::<CheckoutInput>(vectors);
    test_vectors::check_variants(checkouts.iter().map(|input| &input.source));
    test_vectors::check_variants(checkouts.iter().map(|input| &input.capture));
    let vectors = include_str!("../../tests/stored_refunds.jsonl");
    let refunds = test_vectors::check_values::<RefundInput>(vectors);
    test_vectors::check_variants(refunds.iter().map(|input| &input.what));
    test_vectors::check_values::<CancellationInput>(CANCELLATIONS);
    test_vectors::check_values::<FulfilmentInput>(FULFILMENT);
    test_vectors::check_values::<ReceiptInput>(RECEIPT);
}

#[test]
fn payment_terms_and_policies_that_are_unknown_are_refused() {
    let vectors = include_str!("../../tests/stored_events.jsonl");
    let placed = test_vectors::check_values::<OrderEvent>(vectors).into_iter().find(|event| {
        matches!(event, OrderEvent::Placed(placed) if placed.terms != PaymentTerms::Processor)
    });
    let mut stored = journal::encode(&placed.unwrap()).unwrap().to_vec();
    // The terms begin with their number, before the bank details.
    let details = stored.windows(5).position(|bytes| bytes == b"\x64DE02").unwrap();
    assert!(journal::decode::<OrderEvent>(&stored).is_ok());
    stored[details - 1] = 9;
    assert!(journal::decode::<OrderEvent>(&stored).unwrap_err().contains("unknown"));

    let vectors = include_str!("../../tests/stored_checkouts.jsonl");
    let checkout = test_vectors::check_values::<CheckoutInput>(vectors).into_iter().next_back();
    let mut stored = journal::encode(&checkout.unwrap()).unwrap().to_vec();
    // The policy, with number 12, behind no clients and four values that are missing.
    stored[0] = 0x8d;
    stored.extend([0x80, 0xf6, 0xf6, 0xf6, 0xf6, 0]);
    for (policy, is_known) in [(0, true), (1, true), (2, false)] {
        *stored.last_mut().unwrap() = policy;
        assert_eq!(journal::decode::<CheckoutInput>(&stored).is_ok(), is_known, "{policy}");
    }
}

/// Test vectors of cancellations, with all that is optional and without.
const CANCELLATIONS: &str = r#"{"json":{"order_id":"32cb59a3-7348-5dbc-985a-806a8fe5c2c0","hold_id":"01a22506-67e0-7e16-8673-290528e51704","payment_id":"01a22506-67e0-7e16-8673-290528e51704","reason":"too dear"},"cbor":"845032cb59a373485dbc985a806a8fe5c2c05001a2250667e07e168673290528e517045001a2250667e07e168673290528e5170468746f6f2064656172"}
{"json":{"order_id":"32cb59a3-7348-5dbc-985a-806a8fe5c2c0","hold_id":"01a22506-67e0-7e16-8673-290528e51704","payment_id":null,"reason":null},"cbor":"825032cb59a373485dbc985a806a8fe5c2c05001a2250667e07e168673290528e51704"}
"#;

/// Test vector of a fulfilment.
const FULFILMENT: &str = r#"{"json":{"order_id":"32cb59a3-7348-5dbc-985a-806a8fe5c2c0","payment_id":"01a22506-67e0-7e16-8673-290528e51704"},"cbor":"825032cb59a373485dbc985a806a8fe5c2c05001a2250667e07e168673290528e51704"}
"#;

/// Test vector of a receipt.
const RECEIPT: &str = r#"{"json":{"order_id":"32cb59a3-7348-5dbc-985a-806a8fe5c2c0","payment_id":"01a22506-67e0-7e16-8673-290528e51704","operation":"01a22506-67e0-7e16-8673-290528e51704","amount":{"amount":5,"currency":"EUR"},"reference":"statement 7"},"cbor":"855032cb59a373485dbc985a806a8fe5c2c05001a2250667e07e168673290528e517045001a2250667e07e168673290528e517048205634555526b73746174656d656e742037"}
"#;

#[test]
fn cursors_of_sagas() {
    stays::<SagaPosition>(&format!(r#"["2026-11-22T12:00:00Z","{ID}"]"#));
}

#[test]
fn events_of_address_books() {
    let vectors = include_str!("../../tests/stored_address_events.jsonl");
    test_vectors::check_variants(&test_vectors::check_values::<AddressBookEvent>(vectors));
}
