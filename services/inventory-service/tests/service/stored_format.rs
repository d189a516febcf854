//! Stored format: events and snapshots are read byte for byte as they always were, and written so but for the chain of
//! movements.

use crate::{TestService, hold_id, lines, sku};
use contracts::inventory::{Movements, Restock};
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, Snapshot, TypedEvent};
use kernel::{ManualClock, Uuid};
use serde_json::json;
use std::sync::Arc;
use storage::{Collection, Index};

static MOVEMENTS: Collection = Collection {
    name: "movements",
    indexes: &[Index { name: "by_sku", fields: &["sku", "position"] }],
};

/// Streams after the commands of [`trade`], each with its events: their names and their data.
const STREAMS: [(&str, &[(&str, &str)]); 3] = [
    (
        "sku-lamp-7",
        &[
            (
                "counted",
                r#"{"type":"counted","sku":"Lamp-7","quantity":6,"on_hand":6,"reason":"opening"}"#,
            ),
            (
                "availability_changed",
                r#"{"type":"availability_changed","sku":"Lamp-7","available":6,"turn":"back_in_stock"}"#,
            ),
        ],
    ),
    (
        "hold-00000000-0000-0000-0000-000000000001",
        &[
            (
                "held",
                r#"{"type":"held","hold":"00000000-0000-0000-0000-000000000001","order_id":"00000000-0000-0000-0000-000000000001","lines":[{"sku":"LAMP-7","quantity":2}],"expires_at":"2026-01-01T00:15:00Z"}"#,
            ),
            (
                "availability_changed",
                r#"{"type":"availability_changed","sku":"Lamp-7","available":4,"turn":"low_stock","hold":"00000000-0000-0000-0000-000000000001"}"#,
            ),
            (
                "committed",
                r#"{"type":"committed","hold":"00000000-0000-0000-0000-000000000001","order_id":"00000000-0000-0000-0000-000000000001","lines":[{"sku":"LAMP-7","quantity":2,"on_hand":4}]}"#,
            ),
            (
                "restocked",
                r#"{"type":"restocked","hold":"00000000-0000-0000-0000-000000000001","order_id":"00000000-0000-0000-0000-000000000001","reference":"r","reason":"broken","lines":[{"sku":"LAMP-7","quantity":1,"on_hand":5}]}"#,
            ),
            (
                "availability_changed",
                r#"{"type":"availability_changed","sku":"Lamp-7","available":5,"hold":"00000000-0000-0000-0000-000000000001"}"#,
            ),
        ],
    ),
    (
        "hold-00000000-0000-0000-0000-000000000002",
        &[("barred", r#"{"type":"barred","hold":"00000000-0000-0000-0000-000000000002"}"#)],
    ),
];

/// Movements of these commands, newest first.
const MOVEMENT_BODIES: [&str; 3] = [
    r#"{"sku":"LAMP-7","location":"main","kind":"returned","quantity":1,"on_hand":5,"reason":"broken","order_id":"00000000-0000-0000-0000-000000000001","at":"2026-01-01T00:00:00Z"}"#,
    r#"{"sku":"LAMP-7","location":"main","kind":"sold","quantity":-2,"on_hand":4,"reason":null,"order_id":"00000000-0000-0000-0000-000000000001","at":"2026-01-01T00:00:00Z"}"#,
    r#"{"sku":"Lamp-7","location":"main","kind":"adjusted","quantity":6,"on_hand":6,"reason":"opening","order_id":null,"at":"2026-01-01T00:00:00Z"}"#,
];

async fn trade(service: &TestService) {
    service.count(&[("Lamp-7", 6)]).await;
    service.hold(1, &[("LAMP-7", 2)]).await.unwrap();
    service.inventory.commit(hold_id(1)).await.unwrap();
    let back = Restock { lines: lines(&[("lamp-7", 1)]), reason: "broken".to_owned() };
    service.inventory.restock(hold_id(1), "r".to_owned(), back).await.unwrap();
    service.inventory.release(hold_id(2)).await.unwrap();
}

async fn movements(service: &TestService) -> Vec<String> {
    let listed: Movements =
        service.client().get("/api/v1/stock/lamp-7/movements").send().await.unwrap();
    listed.items.iter().map(|it| serde_json::to_string(it).unwrap()).collect()
}

/// Data of an event as it is written now: a movement has the position of the one before it.
fn chained(name: &str, data: &str) -> String {
    match name {
        "counted" => data.replace('}', r#","previous":0}"#),
        "committed" => data.replace("}]", r#","previous":1}]"#),
        "restocked" => data.replace("}]", r#","previous":5}]"#),
        _ => data.to_owned(),
    }
}

#[tokio::test]
async fn events_are_written_as_they_always_were_and_movements_are_chained() {
    let service = TestService::start().await;
    trade(&service).await;
    let storage = service.engine.service("inventory-service");
    for (stream, expected) in STREAMS {
        let events = storage.journal.read(stream, 0, 100).await.unwrap();
        let json = inventory_service::MODULE.events.unwrap();
        let texts: Vec<_> = events.iter().map(|it| json(it).unwrap()).collect();
        let names = events.iter().map(|it| it.name.as_str());
        let written: Vec<_> = names.zip(texts.iter().map(|text| text.get())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, data)| (*name, chained(name, data))).collect();
        let expected: Vec<_> = expected.iter().map(|(name, data)| (*name, &**data)).collect();
        assert_eq!(written, expected, "{stream}");
    }
    assert_eq!(movements(&service).await, MOVEMENT_BODIES);
    assert_eq!(storage.documents.scan(&MOVEMENTS, None, 100).await.unwrap(), []);
}

#[tokio::test]
async fn events_of_an_earlier_program_are_read() {
    let engine = MemoryEngine::new();
    let journal = engine.service("inventory-service").journal;
    for (stream, events) in STREAMS {
        let mut id = 0;
        let new = |(name, data): &(&'static str, &'static str)| {
            id += 1;
            NewEvent {
                id: Uuid::new_v5(&Uuid::nil(), format!("{stream}{id}").as_bytes()),
                name,
                data: data.as_bytes().into(),
                recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                typed: TypedEvent::default(),
                personal: None,
            }
        };
        let events = events.iter().map(new).collect();
        let append = Append {
            stream: stream.to_owned(),
            expected: 0,
            events,
            writes: vec![],
            origin: None,
            sequence: None,
        };
        drop(journal.append(append).await.unwrap());
    }
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let service = TestService::on(engine, Arc::new(clock)).await;
    assert_eq!(service.units("LAMP-7").await, (5, 0, 5));
    assert_eq!(service.published().await.len(), 4);
    assert_eq!(movements(&service).await, MOVEMENT_BODIES);
    assert_eq!(testkit::code(service.hold(2, &[("lamp-7", 1)]).await), "hold_ended");
}

#[tokio::test]
async fn a_snapshot_of_an_earlier_program_is_read() {
    let engine = MemoryEngine::new();
    let journal = engine.service("inventory-service").journal;
    let data = json!({
        "stock": [["Lamp-7", 2, [["east", 1, 0], ["main", 6, 2]]]],
        "holds": [{
            "id": hold_id(1), "order_id": hold_id(1), "units": [{"sku": "LAMP-7", "quantity": 2}],
            "expires_at": "2026-01-01T00:15:00Z", "version": 1,
        }],
    });
    let snapshot = Snapshot { position: 0, data: data.to_string().into() };
    journal.save_snapshot("ledger-1", snapshot).await.unwrap().wait().await.unwrap();
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let service = TestService::on(engine, Arc::new(clock)).await;
    assert_eq!(service.units("lamp-7").await, (7, 2, 5));
    assert_eq!(service.stock("lamp-7").await.unwrap().sku.as_str(), sku("Lamp-7").as_str());
    assert_eq!(service.hold(1, &[("lamp-7", 2)]).await.unwrap().id, hold_id(1));
}
