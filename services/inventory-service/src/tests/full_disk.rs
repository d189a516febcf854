//! Full disk: movements can still be read when nothing can be written.

use crate::{adapters::movements::MovementStore, ports::MovementQueries};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use identifiers::Sku;
use journal::{Append, NewEvent, ServiceStorage};
use kernel::{Timestamp, Uuid};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use storage::{
    Collection, Commit, DocumentPage, Documents, Query, StorageError, StoredDocument, Write,
};

/// Document store on a disk that can be made full.
#[derive(Debug)]
struct FillableDocuments {
    documents: Arc<dyn Documents>,
    is_full: AtomicBool,
}

#[async_trait]
impl Documents for FillableDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        self.documents.find(collection, key).await
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        self.documents.query(collection, query).await
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        self.documents.scan(collection, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        if self.is_full.load(Relaxed) {
            return Err(StorageError::Full);
        }
        self.documents.write(writes).await
    }
}

#[tokio::test(start_paused = true)]
async fn movements_can_be_read_while_the_disk_is_full_and_catch_up_when_there_is_room() {
    let storage = MemoryEngine::new().service("inventory-service");
    let disk = Arc::new(FillableDocuments {
        documents: Arc::clone(&storage.documents),
        is_full: false.into(),
    });
    let storage = ServiceStorage { documents: Arc::clone(&disk) as _, ..storage };
    let movements = Arc::new(MovementStore::open(storage.clone()).await.unwrap());
    let following = Arc::clone(&movements);
    let follower = tokio::task::JoinSet::from_iter([async move { following.run().await }]);

    receive(&storage, 0).await;
    assert_eq!(listed(&*movements).await.unwrap(), 1);
    disk.is_full.store(true, Relaxed);
    receive(&storage, 1).await;
    assert_eq!(listed(&*movements).await.unwrap(), 1, "reads continue");
    let written = movements.by_operation(operation(1)).await;
    assert!(written.is_err(), "an unknown outcome must not be guessed: {written:?}");
    disk.is_full.store(false, Relaxed);
    while listed(&*movements).await.unwrap() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(movements.by_operation(operation(1)).await.unwrap().is_some());
    drop(follower);
}

async fn receive(storage: &ServiceStorage, expected: u64) {
    let event = br#"{"type": "received", "sku": "MUG", "quantity": 1, "on_hand": 1}"#;
    let (id, recorded_at) = (operation(expected), Timestamp::UNIX_EPOCH);
    let events = vec![NewEvent {
        id,
        name: "received",
        data: event.as_slice().into(),
        recorded_at,
        typed: journal::TypedEvent::default(),
    }];
    let append =
        Append { stream: "sku-mug".to_owned(), expected, events, writes: Vec::new(), origin: None };
    storage.journal.append(append).await.unwrap().commit.wait().await.unwrap();
}

fn operation(number: u64) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes())
}

async fn listed(movements: &dyn MovementQueries) -> Result<usize, StorageError> {
    let page = movements.page(&Sku::parse("MUG").unwrap(), 10, None).await?;
    Ok(page.items.len())
}
