//! What a checkout costs the disk, and what a power cut leaves of it.

use super::town::{Town, checkout};
use crate::{application::checkout_case::Source, domain::events::Status, wiring::wire};
use async_trait::async_trait;
use journal::{Append, AppendError, Appended, Journal, Position, Recorded, Snapshot, Version};
use kernel::Uuid;
use saga::{Spawn, kit::Points};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::{Commit, StorageError, durability};

#[tokio::test(start_paused = true)]
async fn a_happy_checkout_is_four_events_and_one_wait_for_the_disk() {
    let town = Town::new();
    let process = town.start().await;
    let before = town.storage().journal.last_position().await.unwrap();
    town.engine.hold();
    let placing = process.use_cases.place.run(checkout(&town, "success"));
    let (placed, touched) = durability::scope(placing).await;
    assert_eq!(placed.unwrap().order.status, Status::Confirmed, "nobody waited on the way");
    let mut flushed = std::pin::pin!(touched.wait());
    assert!(futures_util::poll!(&mut flushed).is_pending(), "but the answer does");
    town.engine.flush();
    flushed.await.unwrap();
    let journal = town.storage().journal;
    let events = journal.follow(before, 100).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["saga_begun", "placed", "confirmed", "saga_ended"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_flushed_is_gone_whole_and_numbers_are_not_given_twice() {
    let town = Town::new();
    let process = town.start().await;
    process.use_cases.place.run(checkout(&town, "success")).await.unwrap();
    process.kill();
    town.engine.hold();
    let mut second = checkout(&town, "success");
    second.order_id = Uuid::from_u128(2);
    second.source = Source::Lines { lines: vec![("MUG".to_owned(), 1)], currency: None };
    process.use_cases.place.run(second.clone()).await.unwrap();
    let town = Town { engine: town.engine.crash(), ..town };
    let restarted = town.start().await;
    assert!(restarted.use_cases.read.now(second.order_id).await.is_err());
    let again = restarted.use_cases.place.run(second).await.unwrap();
    assert_eq!(again.order.placed.number, 1_000_002);
}

/// A journal that counts how often a stream is read.
#[derive(Debug)]
struct Counted {
    journal: Arc<dyn Journal>,
    reads: AtomicUsize,
}

#[async_trait]
impl Journal for Counted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.journal.append(append).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, StorageError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.journal.read(stream, after, limit).await
    }

    async fn follow(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StorageError> {
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

#[tokio::test(start_paused = true)]
async fn a_happy_checkout_reads_nothing() {
    let town = Town::new();
    let journal = Arc::new(Counted { journal: town.storage().journal, reads: 0.into() });
    // Nothing but the keeper of snapshots is spawned, and it has nothing to do here.
    let spawn: Spawn = Arc::new(drop);
    let parts = town.parts(Arc::clone(&journal) as Arc<dyn Journal>, &Points::never(), spawn);
    let (use_cases, _) = wire(parts).await.unwrap();
    let found = use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!(found.order.status, Status::Confirmed);
    use_cases.read.now(found.id).await.unwrap();
    assert_eq!(journal.reads.load(Ordering::Relaxed), 0);
}
