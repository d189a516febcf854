//! Full disk: movements can still be read when nothing can be written.

use super::movements::{listed, open_ledger, received};
use crate::{adapters::movements::JournalMovements, ports::MovementQueries};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{
    Append, AppendError, Appended, Journal, ServiceStorage,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use kernel::Uuid;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use storage::StorageError;

/// Disk that can be made full.
#[derive(Debug, Default)]
struct FillableDisk {
    is_full: AtomicBool,
}

#[async_trait]
impl JournalInterceptor for FillableDisk {
    async fn append(&self, journal: &dyn Journal, append: Append) -> Result<Appended, AppendError> {
        if self.is_full.load(Relaxed) {
            return Err(StorageError::Full.into());
        }
        journal.append(append).await
    }
}

#[tokio::test]
async fn movements_can_be_read_while_the_disk_is_full() {
    let storage = MemoryEngine::new().service("inventory-service");
    let disk = Arc::new(FillableDisk::default());
    let (journal, interceptor) = (Arc::clone(&storage.journal), Arc::clone(&disk));
    let journal = Arc::new(InterceptedJournal { journal, interceptor });
    let storage = ServiceStorage { journal, ..storage };
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
