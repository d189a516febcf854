//! Stored formats: what an earlier version of the service has stored is read, and written again byte for byte.

use crate::{
    application::{
        cancellation_saga::CancellationInput, checkout_input::CheckoutInput,
        fulfilment_saga::FulfilmentInput, list_orders::SagaPosition, receipt_saga::ReceiptInput,
        refund_saga::RefundInput,
    },
    domain::events::{OrderEvent, PaymentTerms},
};
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
fn cursors_of_sagas() {
    stays::<SagaPosition>(&format!(r#"["2026-11-22T12:00:00Z","{ID}"]"#));
}
