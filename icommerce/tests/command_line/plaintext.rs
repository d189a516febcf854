//! Log of a release that had the present format and did not encrypt personal data: the first start encrypts what is there, and so does the
//! first start of a backup of that time.

use crate::{
    former_folder::{PERSONAL, answers_as_before, write_former},
    personal_data::{checked, in_clear, person, shop, shown, started, succeeds},
    program::{start_shop, stop_shop},
};
use bytes::Bytes;
use engine_log::{LogEngine, LogOptions};
use journal::{Append, EventId, NewEvent, RecordedEvent, TypedEvent};
use kernel::{Ids, Timestamp, Uuid};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::Path};
use storage::{Collection, Document, FieldValue, Index, Write};
use tempfile::TempDir;

/// Somebody with an order that was cancelled before it was paid.
const EMAIL: &str = "ada.lovelace@example.com";
const ADA: [&str; 3] = [EMAIL, "Ada Lovelace", "Ringstrasse 17"];
const ORDER: &str = "7b39e1c2-55d0-5f0a-8c11-0f6f4f0f3a01";
const SERVICES: [&str; 5] = [
    "order-service",
    "payment-service",
    "product-service",
    "inventory-service",
    "shopping-cart-service",
];

/// Order index as it was.
static ORDERS: Collection = Collection {
    name: "orders",
    indexes: &[Index { name: "by_email", fields: &["email", "number"] }],
};

fn opened(folder: &Path) -> LogEngine {
    // Without readers of plaintext, as a release that did not encrypt.
    let options = LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() };
    LogEngine::open(folder, options).unwrap()
}

fn address() -> Value {
    json!({
        "name": "Ada Lovelace", "line1": "Ringstrasse 17", "city": "Bonn", "postal_code": "53111",
        "country": "DE",
    })
}

/// Events of the order, and of its checkout.
fn streams() -> [(String, Vec<(&'static str, Value)>); 2] {
    let (at, zero) = ("2026-11-29T01:59:20Z", json!({"amount": 0, "currency": "EUR"}));
    let price = json!({"amount": 2450, "currency": "EUR"});
    let line = json!({
        "sku": "JUG-1", "product_id": ORDER, "name": "Jug", "options": {}, "quantity": 1,
        "unit_price": price, "total": price, "tax": zero, "tax_rate": "0.19", "paid": price,
    });
    let totals = json!({
        "items": price, "discount": zero, "shipping": zero, "tax": zero, "total": price,
        "tax_included": true,
    });
    let placed = json!({
        "type": "placed", "number": 700_000_001, "currency": "EUR", "lines": [line],
        "shipping": {"method": "standard", "label": "Standard", "price": zero, "tax": zero},
        "totals": totals, "email": EMAIL, "shipping_address": address(),
        "billing_address": address(), "cart_id": null, "hold_id": ORDER, "payment_id": ORDER,
        "payment_method": "test", "at": at,
    });
    let cancelled = json!({
        "type": "cancelled", "reason": "payment_declined", "at": at,
        "of": {"number": 700_000_001, "total": price, "status": "cancelled"},
    });
    let input = json!({
        "order_id": ORDER, "source": {"type": "lines", "lines": [["JUG-1", 1]], "currency": "EUR"},
        "email": EMAIL, "shipping_address": address(), "billing_address": null,
        "shipping_method": null, "payment_method": "test", "payment_token": "decline",
        "expected_total": null, "begun_at": at,
    });
    let begun = json!({"saga": "checkout", "case": input});
    let order: Uuid = ORDER.parse().unwrap();
    let checkout = Ids::derived::<EventId>(order, "checkout");
    [
        (format!("order-{ORDER}"), vec![("placed", placed), ("cancelled", cancelled)]),
        (
            format!("saga-{}", checkout.0),
            vec![("saga_begun", begun), ("saga_ended", json!({"outcome": "undone"}))],
        ),
    ]
}

fn indexed(email: &str, body: &Value) -> Write {
    let email = FieldValue::Text(email.to_owned());
    let fields = vec![("email", email), ("number", FieldValue::Integer(700_000_001))];
    let document = Document { key: ORDER.to_owned(), body: body.to_string().into(), fields };
    Write::Put { collection: &ORDERS, document }
}

/// Folder with everything that such a release has left: the orders of the former folder, and an order whose document was replaced and
/// whose answer is remembered. Returns its events by service.
async fn write_plaintext(folder: &Path) -> BTreeMap<&'static str, Vec<RecordedEvent>> {
    write_former(folder);
    let engine = opened(folder);
    let storage = engine.service("order-service");
    for (stream, events) in streams() {
        for (expected, (name, data)) in (0..).zip(events) {
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream} {name}").as_bytes());
            let (data, typed, personal) =
                (Bytes::from(data.to_string()), TypedEvent::default(), None);
            let recorded_at = Timestamp::from_second(1_796_003_960).unwrap();
            let event = NewEvent { id, name, data, recorded_at, typed, personal };
            let writes = match name {
                "placed" => vec![indexed(EMAIL, &json!({"email": EMAIL, "name": "Ada Lovelace"}))],
                _ => vec![],
            };
            let (stream, origin) = (stream.clone(), None);
            let append =
                Append { stream, expected, events: vec![event], writes, origin, sequence: None };
            storage.journal.append(append).await.unwrap();
        }
    }
    let deleted = Write::Delete { collection: &ORDERS, key: ORDER.to_owned() };
    let _ = storage.documents.write(vec![deleted]).await.unwrap();
    let head = br#"[["content-type","application/json"]]"#;
    let body = json!({"id": ORDER, "email": EMAIL, "shipping_address": address()}).to_string();
    let answer = [&[1][..], &[7; 8], &[0, 201], head, b"\n", body.as_bytes()].concat();
    let expires_at = Some(Timestamp::from_second(1_900_000_000).unwrap());
    let answered = storage.key_value.put("kRemembered", answer.into(), expires_at).await.unwrap();
    answered.wait().await.unwrap();
    let events = events(&engine).await;
    engine.close().await.unwrap();
    events
}

async fn events(engine: &LogEngine) -> BTreeMap<&'static str, Vec<RecordedEvent>> {
    let mut events = BTreeMap::new();
    for service in SERVICES {
        let all = engine.service(service).journal.follow(0, 1_000).await.unwrap();
        events.insert(service, all);
    }
    events
}

#[tokio::test]
async fn what_was_written_before_is_encrypted_and_every_event_is_what_it_was() {
    let folder = TempDir::new().unwrap();
    let before = write_plaintext(folder.path()).await;
    let personal = [&PERSONAL[..], &ADA].concat();
    assert_eq!(in_clear(folder.path(), &personal).len(), personal.len());

    let (child, edges) = start_shop(&mut shop(folder.path()));
    answers_as_before(&edges);
    let order = shown(&edges[1], ORDER);
    assert_eq!((&order["email"], &order["shipping_address"]), (&json!(EMAIL), &address()));
    assert_eq!(in_clear(folder.path(), &personal), [""; 0]);
    let log = stop_shop(child);
    assert!(log.lines().all(|line| line.contains("test payments")), "{log}");
    checked(folder.path());
    let exported: Value = serde_json::from_str(&person(folder.path(), "export", EMAIL)).unwrap();
    assert_eq!(exported["orders"].as_array().unwrap().len(), 1);

    let engine = opened(folder.path());
    let after = events(&engine).await;
    engine.close().await.unwrap();
    for (service, before) in &before {
        assert!(!before.is_empty(), "{service}");
        assert_eq!(&after[service][..before.len()], before, "{service}");
    }

    // Whoever is erased now is erased in what was written before.
    person(folder.path(), "erase", EMAIL);
    let engine = opened(folder.path());
    let erased = &events(&engine).await["order-service"];
    engine.close().await.unwrap();
    let has = |event: &RecordedEvent, text: &str| {
        event.data.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    };
    let is_readable = |text| erased.iter().any(|event| has(event, text));
    assert_eq!(ADA.map(is_readable), [false; 3]);
    assert_eq!(PERSONAL.map(is_readable), [true; 4]);
    checked(folder.path());
}

/// Writes the manifest of a backup, as the release that made it did.
fn write_manifest(backup: &Path, position: u64) {
    let files = fs::read_dir(backup).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let content = fs::read(entry.path()).unwrap();
        json!({
            "path": entry.file_name().to_str().unwrap(), "bytes": content.len(),
            "sha256": kernel::hex::encode(&Sha256::digest(&content)),
        })
    });
    let manifest = json!({
        "format": 1, "release": "icommerce", "taken_at": "2026-11-29T02:00:00Z",
        "position": position, "files": files.collect::<Vec<_>>(),
    });
    fs::write(backup.join("backup.json"), manifest.to_string()).unwrap();
}

#[tokio::test]
async fn a_backup_of_that_time_is_encrypted_when_it_is_restored_and_whoever_was_erased_stays_erased()
 {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_plaintext(folder.path()).await;
    let engine = opened(folder.path());
    let backup = place.path().join("backup");
    // A backup is on the disk of the data folder.
    let taken = folder.path().join("taken");
    let position = engine.backup(&taken, &[]).unwrap();
    engine.close().await.unwrap();
    fs::rename(&taken, &backup).unwrap();
    write_manifest(&backup, position);
    person(folder.path(), "erase", EMAIL);
    let (keys, list) =
        (folder.path().join("icommerce.keys"), folder.path().join("icommerce.erased"));
    assert!(!fs::read_to_string(&list).unwrap().is_empty());

    let restored = place.path().join("restored");
    let mut restore = shop(&restored);
    restore.arg("restore").arg(&backup).arg("--keys").arg(&keys).arg("--erased").arg(&list);
    succeeds(&mut restore);
    let (child, operator) = started(&restored);
    let personal = [&PERSONAL[..], &ADA].concat();
    assert_eq!(in_clear(&restored, &personal), [""; 0]);
    let order = shown(&operator, ORDER);
    assert_eq!((&order["email"], &order["customer_erased"]), (&json!(""), &json!(true)));
    stop_shop(child);
    checked(&restored);
    let exported = person(&restored, "export", PERSONAL[0]);
    assert!(exported.contains("Hafenweg 4"), "everybody else is there");
    assert_eq!(in_clear(&backup, &ADA).len(), ADA.len(), "a backup stays what it is");
}
