//! Plaintext of releases that did not encrypt contact details: what is personal in it, in both formats.

use crate::{
    adapters::plaintext::PlaintextOrders,
    application::checkout_input::CheckoutInput,
    domain::events::{Customer, OrderEvent},
    ports::customers::key_of,
};
use bytes::Bytes;
use journal::{Personal, PlaintextRecords, RecordedEvent, TypedEvent, decode};
use kernel::{Timestamp, Uuid};
use serde_json::Value;
use subject_keys::SubjectKeys;

/// E-mail address in the test vectors.
const EMAIL: &str = "maren@example.com";
const PURPOSE: &str = "order_contact";

fn recorded(stream: &str, name: &str, data: Vec<u8>) -> RecordedEvent {
    RecordedEvent {
        position: 1,
        stream: format!("{stream}-{}", Uuid::from_u128(1)),
        version: 1,
        id: Uuid::from_u128(2),
        name: name.to_owned(),
        data: data.into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        origin: None,
        typed: TypedEvent::default(),
    }
}

/// Values of test vectors, each with its JSON and its CBOR.
fn vectors(text: &str) -> Vec<(Value, [Vec<u8>; 2])> {
    let value = |line: &str| {
        let vector: Value = serde_json::from_str(line).unwrap();
        let cbor = kernel::hex::decode(vector["cbor"].as_str().unwrap()).unwrap();
        let json = vector["json"].clone();
        (json.clone(), [json.to_string().into_bytes(), cbor])
    };
    text.lines().map(value).collect()
}

fn personal(keys: &SubjectKeys, event: &RecordedEvent) -> Option<Personal<Bytes>> {
    PlaintextOrders.event(keys, event).unwrap()
}

fn has_contact(data: &[u8]) -> bool {
    [EMAIL, "Maren", "Hafenweg", "Ringstr"]
        .iter()
        .any(|text| data.windows(text.len()).any(|bytes| bytes == text.as_bytes()))
}

/// Key that the contact details belong to: that of the pseudonym, or the first one of the e-mail address.
fn expected_customer(keys: &SubjectKeys, value: &Value) -> Customer {
    let first = || {
        let email = value["email"].as_str().unwrap().to_lowercase();
        u64::from_le_bytes(keys.first_id(PURPOSE, &email).to_bytes())
    };
    Customer(value["customer"].as_u64().unwrap_or_else(first))
}

#[test]
fn contact_details_of_orders_are_found_and_nothing_else_is() {
    let (keys, mut found) = (SubjectKeys::for_tests(), 0);
    for (value, formats) in vectors(include_str!("../../tests/stored_events.jsonl")) {
        let name = value["type"].as_str().unwrap().to_owned();
        for data in formats {
            let Some(Personal { key, erased }) = personal(&keys, &recorded("order", &name, data))
            else {
                assert!(name != "placed" || value["email"] == "", "{value}");
                continue;
            };
            found += 1;
            let customer = expected_customer(&keys, &value);
            assert_eq!(key, key_of(customer));
            let event: OrderEvent = decode(&erased).unwrap();
            let OrderEvent::Placed(placed) = &event else { panic!("{event:?}") };
            assert!(placed.is_erased() && !has_contact(&erased), "{event:?}");
            let known = value["customer"].as_u64().map(Customer);
            assert_eq!((placed.customer, placed.account), (known, None));
            assert_eq!(personal(&keys, &recorded("order", &name, erased.to_vec())), None);
        }
    }
    assert!(found > 4, "{found}");
}

#[test]
fn contact_details_of_checkouts_are_found_and_nothing_else_is() {
    let keys = SubjectKeys::for_tests();
    for (value, [json, cbor]) in vectors(include_str!("../../tests/stored_checkouts.jsonl")) {
        let begun = |saga: &str| {
            let text = format!(r#"{{"saga":"{saga}","case":{}}}"#, String::from_utf8_lossy(&json));
            let length = u16::try_from(cbor.len()).unwrap().to_be_bytes();
            let head = [&[0x82, 0x60 + u8::try_from(saga.len()).unwrap()], saga.as_bytes()];
            [text.into_bytes(), [&head.concat()[..], &[0x59], &length, &cbor].concat()]
        };
        for data in begun("checkout") {
            let event = recorded("saga", "saga_begun", data);
            let Some(Personal { key, erased }) = personal(&keys, &event) else {
                assert_eq!(value["email"], "", "{value}");
                continue;
            };
            let customer = expected_customer(&keys, &value);
            assert_eq!(key, key_of(customer));
            assert!(!has_contact(&erased));
            let event = recorded("saga", "saga_begun", erased.to_vec());
            assert_eq!(personal(&keys, &event), None, "there is nothing left");
            let found = saga::personal_input(&event, "checkout", |input: CheckoutInput| {
                assert!(input.is_erased() && input.account.is_none());
                assert_eq!(input.customer, value["customer"].as_u64().map(Customer));
                None
            });
            assert_eq!(found.unwrap(), None);
        }
        for data in begun("refund") {
            assert_eq!(personal(&keys, &recorded("saga", "saga_begun", data)), None);
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_an_error_and_former_documents_and_answers_are_told() {
    let keys = SubjectKeys::for_tests();
    for (stream, name) in [("order", "placed"), ("saga", "saga_begun")] {
        PlaintextOrders.event(&keys, &recorded(stream, name, b"{}".to_vec())).unwrap_err();
    }
    let is_personal = |body: &str| PlaintextOrders.is_document_personal("orders", body.as_bytes());
    assert!(is_personal(r#"{"id":"1","email":"a@b.c","name":""}"#) && is_personal("no JSON"));
    assert!(is_personal(r#"{"id":"1","email":"","name":"Ada"}"#));
    assert!(!is_personal(r#"{"id":"1","email":"","name":"","customer":"00"}"#));
    assert!(!PlaintextOrders.is_document_personal("others", br#"{"email":"a@b.c"}"#));
    let copy = b"\x01\0\0\0\0\0\0\0\0\0\xc9[]\n{}";
    assert!(PlaintextOrders.is_value_personal("k", copy));
    assert!(!PlaintextOrders.is_value_personal("k", b"\x02reference"));
}
