//! Full disk: movements can still be read when nothing can be written.

use super::movements::{listed, open_ledger, received};
use crate::{adapters::movements::JournalMovements, ports::MovementQueries};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{
    Append, AppendError, Appended, DeleteError, Journal, Position, RecordedEvent, ServiceStorage,
    Snapshot, Version,
};
use kernel::Uuid;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use storage::{Commit, StorageError};

/// Journal on a disk that can be made full.
#[derive(Debug)]
struct FillableJournal {
    journal: Arc<dyn Journal>,
    is_full: AtomicBool,
}

#[async_trait]
impl Journal for FillableJournal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if self.is_full.load(Relaxed) {
            return Err(StorageError::Full.into());
        }
        self.journal.append(append).await
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        self.journal.delete_stream(stream, expected).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.journal.read(stream, after, limit).await
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        self.journal.follow(after, limit).await
    }

    async fn wait_beyond(&self, after: Position) {
        self.journal.wait_beyond(after).await;
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        self.journal.last_position().await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        self.journal.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.journal.snapshot(name).await
    }
}

#[tokio::test]
async fn movements_can_be_read_while_the_disk_is_full() {
    let storage = MemoryEngine::new().service("inventory-service");
    let disk =
        Arc::new(FillableJournal { journal: Arc::clone(&storage.journal), is_full: false.into() });
    let storage = ServiceStorage { journal: Arc::clone(&disk) as _, ..storage };
    let stock_ledger = open_ledger(&storage).await;
    let movements = JournalMovements::open(storage, Arc::clone(&stock_ledger)).await.unwrap();
    let receive = async |operation| {
        let movement = received("MUG", 1);
        stock_ledger.record_movement(&movement, Some(operation)).await
    };
    let [first, second] = [1, 2].map(Uuid::from_u128);

    receive(first).await.unwrap();
    assert_eq!(listed(&movements, "MUG").await.len(), 1);
    disk.is_full.store(true, Relaxed);
    assert!(receive(second).await.is_err());
    assert_eq!(listed(&movements, "MUG").await.len(), 1, "reads continue");
    assert!(movements.by_operation(first).await.unwrap().is_some());
    assert!(movements.by_operation(second).await.unwrap().is_none(), "it did not happen");
    disk.is_full.store(false, Relaxed);
    receive(second).await.unwrap();
    assert_eq!(listed(&movements, "MUG").await.len(), 2);
    assert!(movements.by_operation(second).await.unwrap().is_some());
}
