//! Durability of a checkout: its events, flushes and reads, and what remains after a power cut.

use super::test_world::{TestWorld, checkout, sku};
use crate::{
    application::checkout_input::CheckoutSource, domain::events::OrderStatus, wiring::wire,
};
use async_trait::async_trait;
use identifiers::OrderId;
use journal::interceptor::{InterceptedJournal, JournalInterceptor};
use kernel::Uuid;
use saga::{Spawn, failure_matrix::CrashPoints};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::durability;

#[tokio::test(start_paused = true)]
async fn a_successful_checkout_is_four_events_and_one_flush() {
    let world = TestWorld::new();
    let process = world.start().await;
    let before = world.storage().journal.last_position().await.unwrap();
    world.engine.hold();
    let placing = process.use_cases.place.execute(checkout(&world, "success"));
    let (placed, dependencies) = durability::scope(placing).await;
    assert_eq!(
        placed.unwrap().order.status(),
        OrderStatus::Confirmed,
        "no step waited for a flush"
    );
    let mut flushed = std::pin::pin!(dependencies.wait());
    assert!(futures_util::poll!(&mut flushed).is_pending(), "but the response does");
    world.engine.flush();
    flushed.await.unwrap();
    let journal = world.storage().journal;
    let events = journal.follow(before, 100).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["saga_begun", "placed", "confirmed", "saga_ended"]);
}

#[tokio::test(start_paused = true)]
async fn an_unflushed_order_is_lost_whole_and_numbers_stay_unique() {
    let world = TestWorld::new();
    let process = world.start().await;
    process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    process.kill();
    world.engine.hold();
    let mut second = checkout(&world, "success");
    second.order_id = OrderId(Uuid::from_u128(2));
    second.source = CheckoutSource::Lines { lines: vec![(sku("MUG"), 1)], currency: None };
    process.use_cases.place.execute(second.clone()).await.unwrap();
    let world = TestWorld { engine: world.engine.crash(), ..world };
    let restarted = world.start().await;
    assert!(restarted.use_cases.read.now(second.order_id).await.is_err());
    let again = restarted.use_cases.place.execute(second).await.unwrap();
    assert_eq!(again.order.placed.number, 1_000_002);
}

/// Counter of stream reads.
#[derive(Debug, Default)]
struct ReadCounter(AtomicUsize);

#[async_trait]
impl JournalInterceptor for ReadCounter {
    async fn before_read(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_successful_checkout_reads_no_stream() {
    let world = TestWorld::new();
    let reads = Arc::new(ReadCounter::default());
    let journal = world.storage().journal;
    let journal = Arc::new(InterceptedJournal { journal, interceptor: Arc::clone(&reads) });
    // Only the snapshot task is spawned, and it has nothing to do here.
    let spawn: Spawn = Arc::new(drop);
    let dependencies = world.dependencies(journal, &CrashPoints::never(), spawn);
    let (use_cases, _) = wire(dependencies).await.unwrap();
    let found = use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    assert_eq!(found.order.status(), OrderStatus::Confirmed);
    use_cases.read.now(found.id).await.unwrap();
    assert_eq!(reads.0.load(Ordering::Relaxed), 0);
}
