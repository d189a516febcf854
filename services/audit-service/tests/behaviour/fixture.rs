//! Test fixture: the audit service among source services that only have a feed.

use bytes::Bytes;
use contracts::audit::{Activity, AuditClient, AuditPage};
use engine_memory::MemoryEngine;
use journal::{Append, AppendError, NewEvent, RecordedEvent};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use runtime::{BuildContext, BuildFuture, BuiltService, Module, ProcessResources, TaskTracker};
use serde_json::{Map, Value as Json};
use settings::{Flag, Settings, Sources};
use std::sync::Arc;
use telemetry::{Health, Metrics};
use transport::{CallError, Channel, Client};

const fn source(name: &'static str) -> Module {
    Module {
        name,
        summary: "",
        calls: &[],
        follows: &[],
        settings: None,
        maintenance: runtime::Maintenance::none,
        build: build_feed,
    }
}

static TABLE: &[Module] = &[
    audit_service::MODULE,
    source("product-service"),
    source("shopping-cart-service"),
    source("inventory-service"),
    source("payment-service"),
    source("order-service"),
];

fn build_feed(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let name = context.module.name;
        let journal = Arc::clone(&context.storage.journal);
        let translate = |event: &RecordedEvent| serde_json::from_slice(&event.data).ok();
        let routes = messaging::feed_routes(name, journal, translate);
        Ok(BuiltService::documented(web::service(name, routes, context.service_parts())))
    })
}

pub(crate) struct AuditFixture {
    pub(crate) engine: MemoryEngine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) health: Health,
    pub(crate) tasks: TaskTracker,
    audit: Channel,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl AuditFixture {
    pub(crate) async fn start() -> Self {
        Self::on(MemoryEngine::new(), Vec::new()).await
    }

    /// Fixture on an existing engine, with settings of the audit service.
    pub(crate) async fn on(engine: MemoryEngine, flags: Vec<Flag>) -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-06-01T00:00:00Z")));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let sources = Sources { flags, ..Sources::default() };
        let settings = Settings::load(sections, &sources).unwrap();
        let (health, tasks) = (Health::new(), TaskTracker::default());
        let resources = ProcessResources {
            settings: Arc::new(settings),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            ids,
            metrics: Metrics::new(),
            health: health.clone(),
            tasks: tasks.clone(),
        };
        let selected: Vec<_> = TABLE.iter().collect();
        let assembly = runtime::assemble(TABLE, &selected, resources).await.unwrap();
        let audit = assembly.directory.channel(AuditClient::SERVICE).unwrap();
        Self { engine, clock, health, tasks, audit }
    }

    pub(crate) fn audit(&self) -> AuditClient {
        AuditClient::new(self.audit.clone())
    }

    pub(crate) fn http(&self) -> Client {
        Client::new(AuditClient::SERVICE, self.audit.clone())
    }

    pub(crate) async fn page(&self, query: &str) -> AuditPage {
        self.try_page(query).await.unwrap()
    }

    pub(crate) async fn try_page(&self, query: &str) -> Result<AuditPage, CallError> {
        self.http().get(format!("/api/v1/audit?{query}")).send().await
    }

    /// All activities that match a filter, page by page.
    pub(crate) async fn all(&self, filter: &str, limit: usize) -> Vec<Activity> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.page(&format!("{filter}&limit={limit}&cursor={cursor}")).await;
            assert!(page.items.len() <= limit);
            all.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = next.to_string(),
                None => return all,
            }
        }
    }

    /// Publishes an event of `source` in the stream `subject`.
    pub(crate) async fn publish(&self, source: &'static str, subject: &str, data: Json) {
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), data.to_string().as_bytes()),
            name: "published",
            data: Bytes::from(data.to_string()),
            recorded_at: at("2026-05-31T12:00:00Z"),
        };
        let stream = subject.to_owned();
        let mut append = Append { stream, expected: 0, events: vec![event], writes: Vec::new() };
        let journal = self.engine.service(source).journal;
        while let Err(AppendError::Conflict { actual }) = journal.append(append.clone()).await {
            append.expected = actual;
        }
    }

    /// Waits until there are this many activities.
    pub(crate) async fn wait_for_count(&self, count: usize) -> Vec<Activity> {
        loop {
            let page = self.page("limit=200").await;
            if page.items.len() == count {
                return page.items;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Activity number `number`, one per minute.
pub(crate) fn activity(number: u32, actor: &str, action: &str, subject: &str) -> Activity {
    let start = at("2026-05-01T00:00:00Z");
    let minutes = std::time::Duration::from_secs(u64::from(number) * 60);
    Activity {
        id: Uuid::from_u128(u128::from(number) + 1),
        at: start.checked_add(minutes).unwrap(),
        actor: actor.to_owned(),
        edge: "shop".to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        details: Map::new(),
        request_id: Some(format!("request-{number}")),
    }
}
