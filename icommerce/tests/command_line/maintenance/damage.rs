//! Direct access to a data folder: the contents of its read models, and ways to damage it.

use bytes::Bytes;
use engine_log::{LogEngine, LogOptions};
use journal::{Append, NewEvent, ServiceStorage, Snapshot};
use kernel::{Timestamp, Uuid};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};
use storage::{Collection, Document, QUERY_DOCUMENTS_MAX, StoredDocument, Write};

macro_rules! collections {
    ($($name:ident = $text:literal),*) => { $(
        static $name: Collection = Collection { name: $text, indexes: &[] };
    )* };
}

collections! {
    ORDERS = "orders", LISTINGS = "listings", MOVEMENTS = "movement_operations",
    UNSETTLED = "unsettled_payments", INBOX = "inbox", UNDER_WAY = "rebuild_under_way"
}

/// Every read model with its service.
static READ_MODELS: [(&str, &Collection); 4] = [
    ("order-service", &ORDERS),
    ("product-service", &LISTINGS),
    ("inventory-service", &MOVEMENTS),
    ("payment-service", &UNSETTLED),
];

/// Documents of every read model, by collection.
pub(super) type ReadModelContents = BTreeMap<&'static str, BTreeMap<String, Bytes>>;

/// Runs `work` on the storage of a data folder that is not in use.
pub(super) fn with_engine<T>(folder: &Path, work: impl AsyncFnOnce(&LogEngine) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = LogEngine::open(folder, LogOptions::default()).unwrap();
        let done = work(&engine).await;
        engine.close().await.unwrap();
        done
    })
}

pub(super) fn read_models_of(folder: &Path) -> ReadModelContents {
    with_engine(folder, async |engine| {
        let mut kept = ReadModelContents::new();
        for (service, collection) in READ_MODELS {
            let documents = all(&engine.service(service), collection).await;
            let documents = documents.into_iter().map(|stored| (stored.key, stored.body));
            kept.insert(collection.name, documents.collect());
        }
        kept
    })
}

async fn all(storage: &ServiceStorage, collection: &'static Collection) -> Vec<StoredDocument> {
    let mut all: Vec<StoredDocument> = Vec::new();
    loop {
        let after = all.last().map(|stored| stored.key.clone());
        let found = storage.documents.scan(collection, after.as_deref(), QUERY_DOCUMENTS_MAX);
        let found = found.await.unwrap();
        if found.is_empty() {
            return all;
        }
        all.extend(found);
    }
}

/// Deletes, changes and adds one document of every read model, and replaces the snapshots.
pub(super) fn damage_read_models(folder: &Path) {
    with_engine(folder, async |engine| {
        for (service, collection) in READ_MODELS {
            let storage = engine.service(service);
            let documents = all(&storage, collection).await;
            let mut writes = vec![put(collection, "stranger", "{}")];
            if let [first, rest @ ..] = documents.as_slice() {
                writes.push(Write::Delete { collection, key: first.key.clone() });
                writes.extend(rest.first().map(|next| put(collection, &next.key, "{}")));
            }
            write(&storage, writes).await;
        }
        for (service, name, data) in [
            ("inventory-service", "ledger-1", r#"{"stock":[],"holds":[]}"#),
            ("order-service", "sagas-1", "no JSON"),
        ] {
            let storage = engine.service(service);
            let position = storage.journal.last_position().await.unwrap();
            let snapshot = Snapshot { position, data: data.into() };
            let commit = storage.journal.save_snapshot(name, snapshot).await.unwrap();
            commit.wait().await.unwrap();
        }
    });
}

pub(super) async fn interrupt_rebuild(storage: ServiceStorage) {
    write(&storage, vec![put(&UNDER_WAY, "read_models", "")]).await;
}

/// Derived data of a service whose journal is missing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Orphan {
    Document,
    Snapshot,
}

/// Writes derived data of a service whose journal is empty.
pub(super) async fn leave_orphan(storage: &ServiceStorage, orphan: Orphan) {
    match orphan {
        Orphan::Document => write(storage, vec![put(&ORDERS, "stranger", "{}")]).await,
        Orphan::Snapshot => {
            let snapshot = Snapshot { position: 7, data: "{}".into() };
            let commit = storage.journal.save_snapshot("sagas-1", snapshot).await.unwrap();
            commit.wait().await.unwrap();
        }
    }
}

/// Sells units that were never received.
pub(super) async fn sell_without_stock(storage: &ServiceStorage) {
    let (hold, order) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let line = json!({"sku": "NEVER-CAME", "quantity": 3, "on_hand": -3});
    let sold = json!({"type": "committed", "hold": hold, "order_id": order, "lines": [line]});
    let set_aside = json!({
        "type": "held", "hold": hold, "order_id": order, "expires_at": "2999-01-01T00:00:00Z",
        "lines": [{"sku": "NEVER-CAME", "quantity": 3}],
    });
    append(storage, &format!("hold-{hold}"), &[("held", set_aside), ("committed", sold)]).await;
}

/// Captures money that was not authorised, for an order that was not placed.
pub(super) async fn capture_without_authorisation(storage: &ServiceStorage) {
    let (payment, order) = (Uuid::from_u128(3), Uuid::from_u128(4));
    let amount = json!({"amount": 500, "currency": "EUR"});
    let captured = json!({
        "type": "captured", "order_id": order, "state": "captured", "reference": "1", "amount": amount,
    });
    append(storage, &format!("payment-{payment}"), &[("captured", captured)]).await;
}

/// Marks an order as captured while its payment is not.
pub(super) async fn capture_order_without_payment(storage: &ServiceStorage, order: &str) {
    let stream = format!("order-{order}");
    let earlier = storage.journal.read(&stream, 0, 100).await.unwrap();
    let confirmed = earlier.iter().find(|event| event.name == "confirmed").unwrap();
    let confirmed = order_service::MODULE.events.unwrap()(confirmed).unwrap();
    let mut captured: Value = serde_json::from_str(confirmed.get()).unwrap();
    captured["type"] = "captured".into();
    captured["captured"] = captured["of"]["total"].clone();
    append_after(storage, &stream, earlier.len() as u64, &[("captured", captured)]).await;
}

/// Moves a consumer's position beyond the end of its feed.
pub(super) async fn advance_consumer_beyond_feed(storage: &ServiceStorage) {
    let key = "product-service.inventory-service";
    write(storage, vec![put(&INBOX, key, "999999999")]).await;
}

/// Begins a saga of an unknown kind.
pub(super) async fn begin_unknown_saga(storage: &ServiceStorage) {
    let begun = json!({"saga": "wishing_well", "case": {"order_id": Uuid::from_u128(5)}});
    append(storage, &format!("saga-{}", Uuid::from_u128(6)), &[("saga_begun", begun)]).await;
}

fn put(collection: &'static Collection, key: &str, body: &str) -> Write {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let document = Document { key: key.to_owned(), body, fields: Vec::new() };
    Write::Put { collection, document }
}

async fn write(storage: &ServiceStorage, writes: Vec<Write>) {
    storage.documents.write(writes).await.unwrap().wait().await.unwrap();
}

async fn append(storage: &ServiceStorage, stream: &str, events: &[(&'static str, Value)]) {
    append_after(storage, stream, 0, events).await;
}

async fn append_after(
    storage: &ServiceStorage,
    stream: &str,
    expected: u64,
    events: &[(&'static str, Value)],
) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let event = |(name, data): &(&'static str, Value)| NewEvent {
        id: Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed))),
        name,
        data: data.to_string().into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let events = events.iter().map(event).collect();
    let append = Append {
        stream: stream.to_owned(),
        expected,
        events,
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    storage.journal.append(append).await.unwrap().commit.wait().await.unwrap();
}
