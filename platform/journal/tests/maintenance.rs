//! Offline maintenance: read models are rebuilt from the journal and compared with it, and every difference is named.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{
    Append, NewEvent, Position, RecordedEvent, ServiceStorage,
    maintenance::{
        EventVisitor, Facts, Grain, ReadModel, ReadModelComparison, rebuild, rebuild_is_incomplete,
        visit_events,
    },
};
use kernel::{Timestamp, Uuid};
use std::sync::Arc;
use storage::{Collection, Document, FieldValue, Index, StorageError, Write};

static SUMS: Collection =
    Collection { name: "sums", indexes: &[Index { name: "by_sum", fields: &["sum"] }] };
static TAKEN: Collection = Collection { name: "taken", indexes: &[] };

/// Read model of each stream's sum.
struct Sums;

#[async_trait]
impl ReadModel for Sums {
    fn collection(&self) -> &'static Collection {
        &SUMS
    }

    fn grain(&self) -> Grain {
        Grain::Stream("jar-")
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut sum = 0;
        for event in events {
            sum += number(event)?;
        }
        let fields = vec![("sum", FieldValue::Integer(sum))];
        let document =
            Document { key: events[0].stream.clone(), body: sum.to_string().into(), fields };
        Ok(vec![Write::Put { collection: &SUMS, document }])
    }
}

/// Read model of every event.
struct Taken;

#[async_trait]
impl ReadModel for Taken {
    fn collection(&self) -> &'static Collection {
        &TAKEN
    }

    fn grain(&self) -> Grain {
        Grain::Event
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let document = |event: &RecordedEvent| Document {
            key: event.position.to_string(),
            body: event.data.clone(),
            fields: Vec::new(),
        };
        let put = |event| Write::Put { collection: &TAKEN, document: document(event) };
        Ok(events.iter().map(put).collect())
    }
}

fn number(event: &RecordedEvent) -> Result<i64, StorageError> {
    serde_json::from_slice(&event.data).map_err(|error| StorageError::Corrupt(error.to_string()))
}

async fn put_in(storage: &ServiceStorage, jar: &str, expected: u64, numbers: &[&str]) {
    let event = |number: &&str| NewEvent {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{jar} {expected} {number}").as_bytes()),
        name: "put_in",
        data: (*number).to_owned().into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let events = numbers.iter().map(event).collect();
    let append = Append {
        stream: format!("jar-{jar}"),
        expected,
        events,
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    storage.journal.append(append).await.unwrap().commit.wait().await.unwrap();
}

async fn write(storage: &ServiceStorage, write: Write) {
    storage.documents.write(vec![write]).await.unwrap().wait().await.unwrap();
}

/// Violations found in a read model.
async fn violations(storage: &ServiceStorage, model: &dyn ReadModel) -> Vec<String> {
    let mut comparison = ReadModelComparison::begin(model, storage).await.unwrap();
    let mut visitors: [&mut dyn EventVisitor; 1] = [&mut comparison];
    visit_events(&*storage.journal, &mut visitors, &|_| ()).await.unwrap();
    comparison.end().await.unwrap().examples().to_vec()
}

fn models() -> [Box<dyn ReadModel>; 2] {
    [Box::new(Sums), Box::new(Taken)]
}

#[tokio::test]
async fn a_missing_changed_surplus_or_unindexed_document_is_named_and_a_rebuild_mends_it() {
    let storage = MemoryEngine::new().service("pantry");
    put_in(&storage, "a", 0, &["1", "2"]).await;
    put_in(&storage, "b", 0, &["5"]).await;
    put_in(&storage, "a", 2, &["4"]).await;
    rebuild(&storage, &models(), &mut [], &|_: Position| ()).await.unwrap();
    assert!(violations(&storage, &Sums).await.is_empty());
    let sum = storage.documents.find(&SUMS, "jar-a").await.unwrap().unwrap();
    assert_eq!(sum.body, "7");
    assert_eq!(storage.documents.scan(&TAKEN, None, 10).await.unwrap().len(), 4);

    let put = |key: &str, body: &str, fields| {
        let document = Document { key: key.to_owned(), body: body.to_owned().into(), fields };
        Write::Put { collection: &SUMS, document }
    };
    write(&storage, put("jar-c", "9", Vec::new())).await;
    assert_eq!(violations(&storage, &Sums).await, ["sums: 1 more than the journal leads to"]);
    write(&storage, Write::Delete { collection: &SUMS, key: "jar-c".to_owned() }).await;
    write(&storage, put("jar-a", "8", vec![("sum", FieldValue::Integer(8))])).await;
    assert_eq!(violations(&storage, &Sums).await, ["sums: jar-a is different"]);
    write(&storage, put("jar-a", "7", Vec::new())).await;
    assert_eq!(violations(&storage, &Sums).await, ["sums: index by_sum has 1 of 2 documents"]);
    write(&storage, Write::Delete { collection: &SUMS, key: "jar-a".to_owned() }).await;
    assert_eq!(violations(&storage, &Sums).await[0], "sums: jar-a is missing");

    rebuild(&storage, &models(), &mut [], &|_: Position| ()).await.unwrap();
    assert!(violations(&storage, &Sums).await.is_empty());
    assert!(violations(&storage, &Taken).await.is_empty());
    assert!(!rebuild_is_incomplete(&storage).await.unwrap());
}

#[tokio::test]
async fn a_rebuild_clears_nothing_when_the_journal_cannot_be_decoded() {
    let storage = MemoryEngine::new().service("pantry");
    put_in(&storage, "a", 0, &["1"]).await;
    rebuild(&storage, &models(), &mut [], &|_: Position| ()).await.unwrap();
    put_in(&storage, "b", 0, &["a lemon"]).await;
    assert!(rebuild(&storage, &models(), &mut [], &|_: Position| ()).await.is_err());
    assert!(storage.documents.find(&SUMS, "jar-a").await.unwrap().is_some());
    assert!(!rebuild_is_incomplete(&storage).await.unwrap());
}

#[tokio::test]
async fn facts_are_looked_up_by_identity_and_read_in_pages() {
    let storage = MemoryEngine::new().service("pantry");
    let [one, two] = [1, 2].map(Uuid::from_u128);
    put_in(&storage, &one.to_string(), 0, &["1", "2"]).await;
    put_in(&storage, "not an identity", 0, &["3"]).await;
    put_in(&storage, &two.to_string(), 0, &["4"]).await;
    let count = |_: Uuid, events: &[RecordedEvent]| {
        Ok((!events.is_empty()).then(|| serde_json::json!(events.len())))
    };
    let facts = Facts::new("jar", "jar-", Arc::clone(&storage.journal), Box::new(count));
    assert_eq!(facts.about(one).await.unwrap(), Some(serde_json::json!(2)));
    assert_eq!(facts.about(Uuid::from_u128(3)).await.unwrap(), None);
    let (page, next) = facts.page(0).await.unwrap().unwrap();
    assert_eq!(page, [serde_json::json!(2), serde_json::json!(1)]);
    assert!(facts.page(next).await.unwrap().is_none());
}
