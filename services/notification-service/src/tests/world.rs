//! World of the tests: an engine that holds its flushes back, a mail server that outlives the process, and points at which the process
//! ends.

use crate::{
    adapters::consumer::{GROUP, NotificationRequests},
    application::{
        channel::MailChannel,
        letter::{Language, ShopLook, Templates},
        notifications::Notifications,
        sample_order::sample_order,
        sender::{Counters, Round, SendPolicy, Sender},
    },
    domain::{
        decision::Window,
        notification::{Notification, StateName},
    },
};
use async_trait::async_trait;
use contracts::order::{HistoryEntry, Order, OrderDetails, OrderEvent, OrderStatus};
use contracts::shared::OrderId;
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, RecordedEvent, TypedEvent};
use kernel::{Clock, Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use mail::{MailError, MailMessage, Mailer};
use messaging::{Consumer, ConsumerParts, JournalFeed};
use parking_lot::Mutex;
use rpc::CallError;
use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};
use storage::{
    Collection, Commit, DocumentPage, Documents, Query, StorageError, StoredDocument, Write,
};
use telemetry::{Criticality, Health, Metrics};
use tokio::sync::Notify;

/// When everything begins.
pub(super) const NOW: &str = "2026-11-30T12:00:00Z";

/// How old an event may be that is told, in the tests.
pub(super) const TELL_WITHIN: Duration = Duration::from_hours(24);

/// Points at which the process may end: it ends at the one with this number.
#[derive(Debug, Default)]
pub(super) struct Crash {
    state: Mutex<CrashState>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct CrashState {
    left: Option<usize>,
    /// What was passed, in order.
    passed: Vec<&'static str>,
}

impl Crash {
    pub(super) fn at(point: usize) -> Arc<Self> {
        let state = CrashState { left: Some(point), passed: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), ended: Notify::new() })
    }

    /// Points that were passed, the last one being that at which the process ended.
    pub(super) fn passed(&self) -> Vec<&'static str> {
        self.state.lock().passed.clone()
    }

    async fn pass(&self, point: &'static str) {
        let is_end = {
            let mut state = self.state.lock();
            state.passed.push(point);
            match &mut state.left {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            }
        };
        if is_end {
            self.ended.notify_one();
            pending::<()>().await;
        }
    }
}

/// Documents of an engine that holds its flushes back, with a point before each write, one before its flush and one after it.
#[derive(Debug)]
struct CrashingDocuments {
    documents: Arc<dyn Documents>,
    engine: MemoryEngine,
    crash: Arc<Crash>,
}

#[async_trait]
impl Documents for CrashingDocuments {
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
        self.crash.pass("before a write").await;
        let commit = self.documents.write(writes).await?;
        self.crash.pass("written, not flushed").await;
        self.engine.flush();
        self.crash.pass("flushed").await;
        Ok(commit)
    }
}

/// Mail server: every mail that it accepted, by `Message-ID`, and what it answers next.
#[derive(Debug, Default)]
pub(super) struct MailServer {
    accepted: Mutex<Vec<MailMessage>>,
    removed: Mutex<Vec<Uuid>>,
    answers: Mutex<Vec<MailError>>,
}

impl MailServer {
    /// Mails that were accepted.
    pub(super) fn accepted(&self) -> Vec<MailMessage> {
        self.accepted.lock().clone()
    }

    pub(super) fn removed(&self) -> Vec<Uuid> {
        self.removed.lock().clone()
    }

    /// How often the mail of each `Message-ID` was accepted.
    pub(super) fn counts(&self) -> BTreeMap<Uuid, usize> {
        let mut counts = BTreeMap::new();
        for mail in self.accepted() {
            *counts.entry(mail.id).or_default() += 1;
        }
        counts
    }

    /// Refuses the next mails with these errors.
    pub(super) fn answer(&self, errors: Vec<MailError>) {
        *self.answers.lock() = errors.into_iter().rev().collect();
    }
}

#[derive(Debug)]
struct CrashingMailer {
    server: Arc<MailServer>,
    crash: Arc<Crash>,
}

#[async_trait]
impl Mailer for CrashingMailer {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        self.crash.pass("before the acceptance").await;
        if let Some(error) = self.server.answers.lock().pop() {
            return Err(error);
        }
        self.server.accepted.lock().push(message.clone());
        self.crash.pass("accepted").await;
        Ok(())
    }

    async fn remove(&self, id: Uuid) -> Result<(), MailError> {
        self.server.removed.lock().push(id);
        Ok(())
    }
}

/// Orders that the order service knows.
#[derive(Debug, Default)]
pub(super) struct KnownOrders(Mutex<BTreeMap<OrderId, Order>>);

#[async_trait]
impl OrderDetails for KnownOrders {
    async fn order_details(
        &self,
        id: OrderId,
        _: Option<Timestamp>,
    ) -> Result<Option<Order>, CallError> {
        Ok(self.0.lock().get(&id).cloned())
    }
}

/// World.
pub(super) struct World {
    pub(super) engine: MemoryEngine,
    pub(super) clock: Arc<ManualClock>,
    pub(super) server: Arc<MailServer>,
    pub(super) orders: Arc<KnownOrders>,
}

/// Process of the service in the world.
pub(super) struct Process {
    pub(super) consumer: Consumer<OrderEvent>,
    pub(super) sender: Sender,
    crash: Arc<Crash>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            engine: MemoryEngine::new(),
            clock: Arc::new(ManualClock::at(NOW.parse().unwrap())),
            server: Arc::default(),
            orders: Arc::default(),
        }
    }

    /// An order with these events in its history.
    pub(super) fn order(&self, number: u128, history: &[&str]) -> OrderId {
        let id = OrderId(Uuid::from_u128(number));
        let at = self.clock.now();
        let entry = |event: &&str| HistoryEntry {
            at,
            event: (*event).to_owned(),
            text: String::new(),
            reason: None,
        };
        let history = history.iter().map(entry).collect();
        let order = Order { id, number: number.to_string(), history, ..sample_order() };
        self.orders.0.lock().insert(id, order);
        id
    }

    pub(super) fn change(&self, id: OrderId, change: impl FnOnce(&mut Order)) {
        change(self.orders.0.lock().get_mut(&id).unwrap());
    }

    /// Publishes that this happened to an order, now.
    pub(super) async fn publish(&self, order: OrderId, change: &'static str) {
        self.publish_at(self.clock.now(), order, change).await;
    }

    pub(super) async fn publish_at(&self, at: Timestamp, order: OrderId, change: &'static str) {
        let journal = self.engine.service("order-service").journal;
        let expected = journal.read(&format!("order-{order}"), 0, 100).await.unwrap().len() as u64;
        let name = format!("{order} {change} {expected}");
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), name.as_bytes()),
            name: change,
            data: "{}".into(),
            recorded_at: at,
            typed: TypedEvent::default(),
            personal: None,
        };
        let stream = format!("order-{order}");
        let append = Append {
            stream,
            expected,
            events: vec![event],
            writes: Vec::new(),
            origin: None,
            sequence: None,
        };
        journal.append(append).await.unwrap();
        self.engine.flush();
    }

    /// Starts the service.
    pub(super) fn start(&self, crash: &Arc<Crash>) -> Process {
        self.engine.hold();
        let mut storage = self.engine.service("notification-service");
        let documents = CrashingDocuments {
            documents: Arc::clone(&storage.documents),
            engine: self.engine.clone(),
            crash: Arc::clone(crash),
        };
        storage.documents = Arc::new(documents);
        let ids = Ids::new(self.clock.clone(), Arc::new(SeededRandomness::new(1)));
        let (metrics, health) = (Metrics::new(), Health::new());
        let parts = ConsumerParts {
            group: GROUP,
            storage: storage.clone(),
            ids: ids.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
        };
        let journal = self.engine.service("order-service").journal;
        let translate = |recorded: &RecordedEvent| Ok(Some(order_event(recorded)));
        let feed = JournalFeed::new(journal, translate);
        let requests = NotificationRequests {
            window: Window { told_from: Timestamp::UNIX_EPOCH, tell_within: TELL_WITHIN },
            ids: ids.clone(),
            too_old: metrics.counter("notifications_too_old", "", &[]),
        };
        let mailer = CrashingMailer { server: Arc::clone(&self.server), crash: Arc::clone(crash) };
        let look = ShopLook {
            name: "Shop".to_owned(),
            url: "https://shop.example".to_owned(),
            hue: 165,
            language: Language::En,
        };
        let sender = Sender {
            notifications: Arc::new(Notifications::new(storage.documents)),
            orders: self.orders.clone(),
            channel: MailChannel {
                mailer: Arc::new(mailer),
                from: "no-reply@shop.example".to_owned(),
            },
            templates: Arc::new(Templates(look)),
            policy: POLICY,
            ids,
            component: health.component("mail", Criticality::Optional),
            counters: Counters(Vec::new()),
        };
        let consumer = Consumer::new(parts, Arc::new(feed), Arc::new(requests));
        Process { consumer, sender, crash: Arc::clone(crash) }
    }

    /// Runs the service until it ends at its point, or has nothing to do. Returns whether it ended, in which case the engine is that of
    /// the machine after it.
    pub(super) async fn run(&mut self, crash: &Arc<Crash>) -> bool {
        let mut process = self.start(crash);
        let ended = process.run().await;
        drop(process);
        if ended {
            self.engine = self.engine.crash();
        }
        ended
    }

    /// Every notification.
    pub(super) async fn notifications(&self) -> Vec<Notification> {
        let documents = self.engine.service("notification-service").documents;
        let notifications = Notifications::new(documents);
        notifications.list(&StateName::ALL, None, 1_000).await.unwrap()
    }
}

/// Policy of the tests.
pub(super) const POLICY: SendPolicy = SendPolicy {
    at_once_max: 4,
    per_second_max: 10,
    mail_time_max: Duration::from_mins(1),
    give_up_after: Duration::from_hours(72),
    keep: Duration::from_hours(24 * 90),
};

impl Process {
    /// Runs until it ends at its point, or has nothing to do; whether it ended.
    pub(super) async fn run(&mut self) -> bool {
        let crash = Arc::clone(&self.crash);
        tokio::select! {
            biased;
            () = self.work() => false,
            () = crash.ended.notified() => true,
        }
    }

    async fn work(&mut self) {
        while self.consumer.step().await.unwrap() > 0 {}
        while self.sender.round().await.unwrap() != Round::default() {}
    }
}

fn order_event(recorded: &RecordedEvent) -> OrderEvent {
    let order_id = recorded.stream["order-".len()..].parse().unwrap();
    match recorded.name.as_str() {
        "customer_erased" => OrderEvent::CustomerErased { order_id },
        change => OrderEvent::OrderChanged {
            order_id,
            number: "1".to_owned(),
            change: change.to_owned(),
            status: OrderStatus::Confirmed,
            total: sample_order().totals.total,
        },
    }
}
