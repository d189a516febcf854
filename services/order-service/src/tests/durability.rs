//! What a checkout costs the disk, and what a power cut leaves of it.

use super::town::{Town, checkout};
use crate::{application::checkout_case::Source, domain::events::Status, wiring::wire};
use async_trait::async_trait;
use journal::interceptor::{InterceptedJournal, JournalInterceptor};
use kernel::Uuid;
use saga::{Spawn, failure_matrix::Points};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::durability;

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

/// Counts how often a stream is read.
#[derive(Debug, Default)]
struct Reads(AtomicUsize);

#[async_trait]
impl JournalInterceptor for Reads {
    async fn before_read(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_happy_checkout_reads_nothing() {
    let town = Town::new();
    let reads = Arc::new(Reads::default());
    let journal = town.storage().journal;
    let journal = Arc::new(InterceptedJournal { journal, interceptor: Arc::clone(&reads) });
    // Nothing but the keeper of snapshots is spawned, and it has nothing to do here.
    let spawn: Spawn = Arc::new(drop);
    let parts = town.parts(journal, &Points::never(), spawn);
    let (use_cases, _) = wire(parts).await.unwrap();
    let found = use_cases.place.run(checkout(&town, "success")).await.unwrap();
    assert_eq!(found.order.status, Status::Confirmed);
    use_cases.read.now(found.id).await.unwrap();
    assert_eq!(reads.0.load(Ordering::Relaxed), 0);
}
