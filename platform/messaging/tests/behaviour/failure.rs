//! Failures of handlers, storage and feeds.

use crate::source::{
    InjectedFailure, Ledger, SOURCE, WarehouseEvent, WarehouseFeed, consumer, consumer_of, entries,
    expected_entries, feed, parked_number, parts, publish,
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use kernel::Uuid;
use messaging::{ConsumerParts, Feed, FeedPage};
use rpc::CallError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{
    Collection, Commit, DocumentPage, Documents, Query, StorageError, StoredDocument, Write,
};
use telemetry::{Health, HealthStatus};

#[tokio::test]
async fn a_poison_message_parks_its_subject_while_others_go_on() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    for number in 0..3 {
        publish(&engine, "a", number).await;
        publish(&engine, "b", number).await;
    }
    ledger.inject("a", 1, Some(InjectedFailure::Poison));
    let mut first = consumer(&engine, &ledger);
    assert_eq!(first.step().await.unwrap(), 4);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0]), ("b", &[0, 1, 2])]));
    let parked = first.parked().await.unwrap();
    let parked: Vec<_> =
        parked.iter().map(|it| (parked_number(&it.message), &*it.reason)).collect();
    let behind = "an earlier message of this subject waits";
    assert_eq!(parked, [(1, "it makes no sense"), (2, behind)]);

    // Also after a restart nothing of the subject overtakes.
    publish(&engine, "a", 3).await;
    publish(&engine, "b", 3).await;
    let mut second = consumer(&engine, &ledger);
    assert_eq!(second.step().await.unwrap(), 1);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0]), ("b", &[0, 1, 2, 3])]));
    assert_eq!(second.parked().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_handler_that_panics_or_writes_too_much_parks_the_message() {
    for failure in [InjectedFailure::Panic, InjectedFailure::TooLarge] {
        let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
        publish(&engine, "a", 0).await;
        publish(&engine, "b", 0).await;
        ledger.inject("a", 0, Some(failure));
        let mut consumer = consumer(&engine, &ledger);
        assert_eq!(consumer.step().await.unwrap(), 1, "{failure:?}");
        assert_eq!(consumer.parked().await.unwrap().len(), 1);
        assert_eq!(entries(&engine).await, expected_entries(&[("b", &[0])]));
    }
}

#[tokio::test]
async fn a_message_that_is_retried_keeps_the_order_and_does_not_hold_up_those_before_it() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    for number in 0..3 {
        publish(&engine, "a", number).await;
    }
    ledger.inject("a", 1, Some(InjectedFailure::Retry));
    let mut consumer = consumer(&engine, &ledger);
    for _ in 0..3 {
        assert!(consumer.step().await.is_err());
        assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0])]));
    }
    ledger.inject("a", 1, None);
    assert_eq!(consumer.step().await.unwrap(), 2);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1, 2])]));
    let tried: Vec<u64> = ledger.attempts().into_iter().map(|(_, number)| number).collect();
    assert_eq!(tried, [0, 1, 1, 1, 1, 2], "the first one is not handled again");
}

#[tokio::test]
async fn after_too_many_retries_the_message_is_parked() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    publish(&engine, "z", 0).await;
    publish(&engine, "a", 0).await;
    publish(&engine, "b", 0).await;
    ledger.inject("a", 0, Some(InjectedFailure::Retry));
    let mut consumer = consumer(&engine, &ledger);
    let mut failures = 0;
    while consumer.step().await.is_err() {
        failures += 1;
    }
    assert_eq!(failures, 19);
    assert_eq!(entries(&engine).await, expected_entries(&[("b", &[0]), ("z", &[0])]));
    assert_eq!(consumer.parked().await.unwrap()[0].reason, "not yet");
}

/// Documents that refuse writes while the disk is full.
#[derive(Debug)]
struct FullDocuments {
    documents: Arc<dyn Documents>,
    full: Arc<AtomicBool>,
}

#[async_trait]
impl Documents for FullDocuments {
    async fn find(
        &self,
        from: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        self.documents.find(from, key).await
    }

    async fn query(
        &self,
        from: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        self.documents.query(from, query).await
    }

    async fn scan(
        &self,
        from: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        self.documents.scan(from, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(StorageError::Full);
        }
        self.documents.write(writes).await
    }
}

#[tokio::test]
async fn what_was_decided_but_not_stored_is_decided_anew() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    publish(&engine, "a", 0).await;
    publish(&engine, "a", 1).await;
    ledger.inject("a", 0, Some(InjectedFailure::Poison));
    let full = Arc::new(AtomicBool::new(true));
    let mut parts = parts(&engine);
    let documents = Arc::clone(&parts.storage.documents);
    parts.storage.documents = Arc::new(FullDocuments { documents, full: Arc::clone(&full) });
    let mut consumer = consumer_of(parts, feed(&engine), &ledger);
    assert!(consumer.step().await.is_err());
    // The message is not parked either, so nobody has to wait behind it once it makes sense.
    full.store(false, Ordering::Relaxed);
    ledger.inject("a", 0, None);
    assert_eq!(consumer.step().await.unwrap(), 2);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1])]));
}

/// Feed behind a network partition.
#[derive(Debug)]
struct PartitionedFeed {
    feed: WarehouseFeed,
    open: Arc<AtomicBool>,
}

#[async_trait]
impl Feed<WarehouseEvent> for PartitionedFeed {
    async fn pull(
        &self,
        after: u64,
        wait_ms: u64,
        event_id: Option<Uuid>,
    ) -> Result<FeedPage<WarehouseEvent>, CallError> {
        if self.open.load(Ordering::Relaxed) {
            return self.feed.pull(after, wait_ms, event_id).await;
        }
        Err(CallError::Unavailable { service: SOURCE, reason: "nobody is there".to_owned() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_is_reported_and_followed_again_when_it_is_back() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let (health, open) = (Health::new(), Arc::new(AtomicBool::new(false)));
    let feed = Arc::new(PartitionedFeed { feed: feed(&engine), open: Arc::clone(&open) });
    let parts = ConsumerParts { health: health.clone(), ..parts(&engine) };
    let consumer = consumer_of(parts, feed, &ledger);
    let status = || health.readiness().components["feed ledger.warehouse"].status;
    let scenario = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(status(), HealthStatus::Down);
        assert_eq!(health.readiness().status, HealthStatus::Up, "the rest of the process goes on");
        open.store(true, Ordering::Relaxed);
        publish(&engine, "a", 0).await;
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(status(), HealthStatus::Up);
        // From here on news come at once, without a pause in between.
        let before = tokio::time::Instant::now();
        publish(&engine, "a", 1).await;
        while ledger.attempts().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(before.elapsed() < Duration::from_millis(1));
    };
    tokio::select! {
        () = consumer.run() => unreachable!("a consumer never ends"),
        () = scenario => {}
    }
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1])]));
}
