//! Projected read models in a store beside the journal's: a call that fails may have applied the first of its writes, and a store that
//! comes back may have lost what it had acknowledged last.

use crate::source::{
    GROUP, InjectedFailure, Ledger, SOURCE, WarehouseEvent, consumer_of, entries, feed, ids,
    number, parts, publish, reader,
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use messaging::{
    CONSUMER_COLLECTIONS, Consumer, ConsumerParts, Handler, HandlerError, Message, Subscription,
    bus::{BusKey, GroupConsumer, MemoryBus, PartitionedBus, Relay, RelayParts},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{
    Collection, Commit, CompareAndSwap, ConditionalDocuments, Document, DocumentPage, Documents,
    Query, StorageError, StoredDocument, Write,
};

static EFFECTS: Collection = Collection { name: "effects", indexes: &[] };
static INBOX: Collection = Collection { name: "inbox", indexes: &[] };
const MESSAGES: u64 = 6;

/// Store that applies the writes of a call one after the other, and fails in the middle when it is told to.
#[derive(Debug)]
struct PartialDocuments {
    documents: Arc<dyn Documents>,
    /// Writes until it fails; `None` if it does not.
    left: Mutex<Option<usize>>,
    /// Whether it loses everything after the next effects, before their position.
    loses_data: AtomicBool,
    /// Keys of the effects that were put since it was empty.
    put: Mutex<Vec<String>>,
}

impl PartialDocuments {
    fn fail_after(&self, writes: Option<usize>) {
        *self.left.lock().unwrap() = writes;
    }

    fn log(&self, writes: &[Write]) {
        let keys = writes.iter().filter_map(|write| match write {
            Write::Put { collection, document } if **collection == EFFECTS => {
                Some(document.key.clone())
            }
            _ => None,
        });
        self.put.lock().unwrap().extend(keys);
    }

    /// Loses everything, and answers on.
    async fn empty(&self) {
        for collection in CONSUMER_COLLECTIONS.into_iter().chain([&EFFECTS]) {
            let all = self.documents.scan(collection, None, 1_000).await.unwrap();
            let deletes = all.into_iter().map(|it| Write::Delete { collection, key: it.key });
            drop(self.documents.write(deletes.collect()).await.unwrap());
        }
        self.put.lock().unwrap().clear();
    }

    /// Keys of the effects that were put since it was empty, sorted.
    fn put(&self) -> Vec<String> {
        let mut put = self.put.lock().unwrap().clone();
        put.sort();
        put
    }

    /// Counts a write; false when it is not applied.
    fn is_applied(&self) -> bool {
        match &mut *self.left.lock().unwrap() {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

#[async_trait]
impl Documents for PartialDocuments {
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
        for write in writes {
            if !self.is_applied() {
                return Err(StorageError::Unavailable("the server is gone".to_owned()));
            }
            drop(self.documents.write(vec![write]).await?);
        }
        Ok(Commit::durable())
    }

    fn conditional(&self) -> Option<&dyn ConditionalDocuments> {
        Some(self)
    }
}

#[async_trait]
impl ConditionalDocuments for PartialDocuments {
    async fn write_and_swap(
        &self,
        writes: Vec<Write>,
        swap: CompareAndSwap,
    ) -> Result<Option<Commit>, StorageError> {
        swap.check(&writes)?;
        let found = self.find(swap.collection, &swap.document.key).await?;
        if !swap.is_met(found.as_ref()) {
            return Ok(None);
        }
        let had_none = writes.is_empty();
        self.log(&writes);
        drop(self.write(writes).await?);
        if !had_none && self.loses_data.swap(false, Ordering::Relaxed) {
            self.empty().await;
        }
        if !self.is_applied() {
            return Err(StorageError::Unavailable("the server is gone".to_owned()));
        }
        let documents = self.documents.conditional().expect("the store has conditional writes");
        documents.write_and_swap(Vec::new(), swap).await
    }
}

/// Handler whose effects are the same when a message comes again.
#[derive(Debug)]
struct Effects;

#[async_trait]
impl Handler<WarehouseEvent> for Effects {
    async fn handle(&self, message: &Message<WarehouseEvent>) -> Result<Vec<Write>, HandlerError> {
        Ok(vec![put(&EFFECTS, &format!("{}-{}", message.subject, number(message)), "")])
    }
}

fn put(collection: &'static Collection, key: &str, body: &str) -> Write {
    let body = body.to_owned().into();
    let document = Document { key: key.to_owned(), body, fields: Vec::new() };
    Write::Put { collection, document }
}

/// Source with messages, and a consumer's storage with another store for what it writes.
struct OfficeWorld {
    warehouse: MemoryEngine,
    office: MemoryEngine,
    store: Arc<PartialDocuments>,
}

impl OfficeWorld {
    async fn new() -> Self {
        let (warehouse, office) = (MemoryEngine::new(), MemoryEngine::new());
        for number in 0..MESSAGES {
            publish(&warehouse, "a", number).await;
        }
        let documents = office.projections("server");
        let store = Arc::new(PartialDocuments {
            documents,
            left: Mutex::default(),
            loses_data: AtomicBool::default(),
            put: Mutex::default(),
        });
        Self { warehouse, office, store }
    }

    fn parts(&self) -> ConsumerParts {
        let mut parts = parts(&self.office);
        parts.storage.projections = Arc::<PartialDocuments>::clone(&self.store);
        ConsumerParts { storage: parts.storage.projected(), ..parts }
    }

    fn consumer(&self) -> Consumer<WarehouseEvent> {
        Consumer::new(self.parts(), feed(&self.warehouse), Arc::new(Effects))
    }

    fn subscription(&self) -> Subscription {
        Subscription::new(GROUP, SOURCE, self.parts().storage)
    }

    async fn write(&self, writes: Vec<Write>) {
        drop(self.store.write(writes).await.unwrap());
    }

    async fn has_effect(&self, number: u64) -> bool {
        self.store.find(&EFFECTS, &format!("a-{number}")).await.unwrap().is_some()
    }

    /// Whether every message up to the stored position has its effect.
    async fn assert_no_gap(&self) -> u64 {
        let position = self.subscription().position().await.unwrap();
        for number in 0..position.min(MESSAGES) {
            assert!(self.has_effect(number).await, "effect {number} before {position}");
        }
        position
    }
}

#[tokio::test]
async fn a_call_that_is_applied_in_part_is_applied_again_and_its_position_comes_last() {
    let mut was_partial = false;
    for writes in 0..=MESSAGES {
        for is_restarted in [false, true] {
            let world = OfficeWorld::new().await;
            world.store.fail_after(Some(usize::try_from(writes).unwrap()));
            let mut consumer = world.consumer();
            assert!(consumer.step().await.is_err(), "{writes}");
            assert_eq!(world.assert_no_gap().await, 0, "{writes}");
            was_partial |= world.has_effect(0).await;
            world.store.fail_after(None);
            if is_restarted {
                consumer = world.consumer();
            }
            consumer.step().await.unwrap();
            assert_eq!(world.assert_no_gap().await, MESSAGES);
        }
    }
    assert!(was_partial);
}

#[tokio::test]
async fn what_a_store_has_lost_is_written_again_after_its_first_failure() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    consumer.step().await.unwrap();
    // It comes back as it was two messages ago.
    let lost = (4..MESSAGES).map(|number| format!("a-{number}"));
    let lost = lost.map(|key| Write::Delete { collection: &EFFECTS, key });
    world.write(lost.chain([put(&INBOX, "ledger.warehouse", "4")]).collect()).await;
    publish(&world.warehouse, "a", MESSAGES).await;
    world.store.fail_after(Some(0));
    assert!(consumer.step().await.is_err());
    world.store.fail_after(None);
    consumer.step().await.unwrap();
    assert_eq!(world.assert_no_gap().await, MESSAGES + 1);
    assert!(world.has_effect(MESSAGES).await);
}

/// Keys of the effects of messages.
fn effects(numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
    numbers.map(|number| format!("a-{number}")).collect()
}

#[tokio::test]
async fn what_a_store_has_lost_without_an_error_is_written_again_once_with_the_next_message() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    consumer.step().await.unwrap();
    assert_eq!(world.store.put(), effects(0..=5));
    world.store.empty().await;
    publish(&world.warehouse, "a", MESSAGES).await;
    let noticed = consumer.step().await.unwrap_err().to_string();
    assert!(noticed.contains("has lost the position"), "{noticed}");
    assert_eq!(world.store.put(), [""; 0], "nothing of the batch is applied");
    assert_eq!(consumer.step().await.unwrap(), 7);
    assert_eq!(world.assert_no_gap().await, MESSAGES + 1);
    assert_eq!(world.store.put(), effects(0..=6), "each of them once");
    publish(&world.warehouse, "a", MESSAGES + 1).await;
    assert_eq!(consumer.step().await.unwrap(), 1);
    assert_eq!(world.store.put(), effects(0..=7));
}

#[tokio::test]
async fn a_quiet_feed_is_read_again_as_well_once_its_effects_are_lost() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    consumer.step().await.unwrap();
    world.store.empty().await;
    assert!(consumer.step().await.is_err());
    assert_eq!(consumer.step().await.unwrap(), 6);
    assert_eq!(world.store.put(), effects(0..=5));
    assert_eq!(consumer.step().await.unwrap(), 0);
}

#[tokio::test]
async fn a_store_that_comes_back_as_an_older_copy_is_gone_on_with_from_there() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    consumer.step().await.unwrap();
    let lost = (4..MESSAGES).map(|number| format!("a-{number}"));
    let lost = lost.map(|key| Write::Delete { collection: &EFFECTS, key });
    world.write(lost.chain([put(&INBOX, "ledger.warehouse", "4")]).collect()).await;
    publish(&world.warehouse, "a", MESSAGES).await;
    assert!(consumer.step().await.is_err());
    assert_eq!(consumer.step().await.unwrap(), 3);
    assert_eq!(world.assert_no_gap().await, MESSAGES + 1);
    assert!(world.has_effect(MESSAGES).await);
}

#[tokio::test]
async fn data_that_vanish_between_effects_and_their_position_are_written_again() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    consumer.step().await.unwrap();
    publish(&world.warehouse, "a", MESSAGES).await;
    world.store.loses_data.store(true, Ordering::Relaxed);
    assert!(consumer.step().await.is_err());
    assert_eq!(world.subscription().position().await.unwrap(), 0, "it stands for no effects");
    assert_eq!(consumer.step().await.unwrap(), 7);
    assert_eq!(world.assert_no_gap().await, MESSAGES + 1);
    assert!(world.has_effect(MESSAGES).await);
}

#[tokio::test]
async fn the_first_effects_are_written_again_as_well_when_they_vanish_before_their_position() {
    let world = OfficeWorld::new().await;
    let mut consumer = world.consumer();
    world.store.loses_data.store(true, Ordering::Relaxed);
    assert!(consumer.step().await.is_err());
    assert_eq!(world.subscription().position().await.unwrap(), 0);
    assert_eq!(consumer.step().await.unwrap(), 6);
    assert_eq!(world.store.put(), effects(0..=5));
    assert_eq!(world.assert_no_gap().await, MESSAGES);
}

#[tokio::test]
async fn a_parked_message_that_is_lost_is_parked_again() {
    let world = OfficeWorld::new().await;
    let ledger = Arc::<Ledger>::default();
    ledger.inject("a", 2, Some(InjectedFailure::Poison));
    let mut consumer = consumer_of(world.parts(), feed(&world.warehouse), &ledger);
    consumer.step().await.unwrap();
    assert_eq!(world.subscription().parked().await.unwrap(), 4);
    world.store.empty().await;
    ledger.inject("a", 2, None);
    publish(&world.warehouse, "a", MESSAGES).await;
    assert!(consumer.step().await.is_err());
    assert_eq!(consumer.step().await.unwrap(), 7, "none waits behind one that is not there");
    assert_eq!(world.subscription().parked().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn partitions_of_a_bus_read_what_they_have_lost_again() {
    let world = OfficeWorld::new().await;
    for subject in ["b", "c", "d", "e"] {
        publish(&world.warehouse, subject, 0).await;
    }
    let bus = PartitionedBus::new(Arc::new(MemoryBus::default()), 4, BusKey::new(b"a key"));
    let parts = RelayParts {
        bus: bus.clone(),
        storage: world.warehouse.service(SOURCE),
        ids: ids(9),
        metrics: telemetry::Metrics::new(),
        health: telemetry::Health::new(),
    };
    let relay = Relay::new(parts, feed(&world.warehouse));
    let group = "office.ledger".to_owned();
    let consumer =
        GroupConsumer::new(bus, group, world.parts(), feed(&world.warehouse), Arc::new(Effects));
    let all = ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5", "b-0", "c-0", "d-0", "e-0"];
    let losing = async {
        has_put(&world, &all).await;
        world.store.empty().await;
        publish(&world.warehouse, "b", 1).await;
        let all = [&all[..], &["b-1"]].concat();
        // The other partitions notice it although nothing comes.
        has_put(&world, &all).await;
        world.store.empty().await;
        has_put(&world, &all).await;
    };
    tokio::select! {
        () = relay.run() => unreachable!("a relay does not end"),
        () = consumer.run() => unreachable!("a consumer does not end"),
        () = losing => {}
    }
}

/// Waits until these effects are in the store, and then until more would be: each was put once.
async fn has_put(world: &OfficeWorld, effects: &[&str]) {
    let mut effects = effects.to_vec();
    effects.sort_unstable();
    while world.store.put().len() < effects.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.store.put(), effects);
}

#[tokio::test]
async fn a_feed_that_begins_anew_is_read_whole_whenever_that_is_broken_off() {
    for writes in 0..20 {
        let world = OfficeWorld::new().await;
        // Positions in another journal, without partitions and in two.
        let unknown = "900 00000000-0000-0000-0000-000000000009";
        for key in ["ledger.warehouse", "ledger.warehouse.0-of-2", "ledger.warehouse.1-of-2"] {
            world.write(vec![put(&INBOX, key, unknown)]).await;
        }
        world.write(vec![put(&INBOX, "ledger.warehouse.partitions", "1 2")]).await;
        world.store.fail_after(Some(writes));
        let mut consumer = world.consumer();
        // It notices, and then reads.
        for _ in 0..2 {
            if consumer.step().await.is_err() {
                break;
            }
        }
        world.store.fail_after(None);
        for _ in 0..3 {
            let mut consumer = world.consumer();
            consumer.step().await.unwrap();
            consumer.step().await.unwrap();
        }
        assert_eq!(world.assert_no_gap().await, MESSAGES, "{writes}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_restarted_reads_its_feed_from_the_beginning() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    for number in 0..MESSAGES {
        publish(&engine, "a", number).await;
    }
    ledger.inject("a", 2, Some(InjectedFailure::Poison));
    let mut consumer = consumer_of(parts(&engine), feed(&engine), &ledger);
    consumer.step().await.unwrap();
    let subscription = Subscription::new(GROUP, SOURCE, reader(&engine));
    assert_eq!(subscription.position().await.unwrap(), MESSAGES);
    assert_eq!(subscription.parked().await.unwrap(), 4);
    let former = [("partitions", "1 2"), ("0-of-2", "3"), ("1-of-2", "4")];
    let former = former.map(|(key, body)| put(&INBOX, &format!("ledger.warehouse.{key}"), body));
    drop(reader(&engine).documents.write(former.to_vec()).await.unwrap());

    subscription.restart().await.unwrap();
    for collection in CONSUMER_COLLECTIONS {
        let left = reader(&engine).documents.scan(collection, None, 10).await.unwrap();
        assert_eq!(left, [], "{}", collection.name);
    }
    ledger.inject("a", 2, None);
    let mut consumer = consumer_of(parts(&engine), feed(&engine), &ledger);
    consumer.step().await.unwrap();
    assert_eq!(entries(&engine).await["a"], [0, 1, 0, 1, 2, 3, 4, 5]);
    assert_eq!(subscription.parked().await.unwrap(), 0);
}
