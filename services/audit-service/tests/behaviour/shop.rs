//! The audit service among sources that only have a feed.

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
        build: only_a_feed,
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

fn only_a_feed(site: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let name = site.module.name;
        let journal = Arc::clone(&site.storage.journal);
        let told = |event: &RecordedEvent| serde_json::from_slice(&event.data).ok();
        let routes = messaging::feed_routes(name, journal, told);
        Ok(BuiltService::documented(web::service(name, routes, site.service_parts())))
    })
}

pub(crate) struct Shop {
    pub(crate) engine: MemoryEngine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) health: Health,
    pub(crate) tasks: TaskTracker,
    audit: Channel,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::on(MemoryEngine::new(), Vec::new()).await
    }

    /// A shop on what an engine holds, with settings of the audit service.
    pub(crate) async fn on(engine: MemoryEngine, flags: Vec<Flag>) -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-06-01T00:00:00Z")));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let sources = Sources { flags, ..Sources::default() };
        let settings = Settings::load(sections, &sources).unwrap();
        let (health, tasks) = (Health::new(), TaskTracker::default());
        let materials = ProcessResources {
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
        let assembled = runtime::assemble(TABLE, &selected, materials).await.unwrap();
        let audit = assembled.directory.channel(AuditClient::SERVICE).unwrap();
        Self { engine, clock, health, tasks, audit }
    }

    pub(crate) fn audit(&self) -> AuditClient {
        AuditClient::new(self.audit.clone())
    }

    pub(crate) fn http(&self) -> Client {
        Client::new(AuditClient::SERVICE, self.audit.clone())
    }

    pub(crate) async fn page(&self, query: &str) -> AuditPage {
        self.ask(query).await.unwrap()
    }

    pub(crate) async fn ask(&self, query: &str) -> Result<AuditPage, CallError> {
        self.http().get(format!("/api/v1/audit?{query}")).send().await
    }

    /// Everything that passes a filter, page by page.
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

    /// Lets `source` tell `data` about `subject`.
    pub(crate) async fn tell(&self, source: &'static str, subject: &str, data: Json) {
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), data.to_string().as_bytes()),
            name: "told",
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

    /// Waits until that many activities are there.
    pub(crate) async fn until_there_are(&self, count: usize) -> Vec<Activity> {
        loop {
            let page = self.page("limit=200").await;
            if page.items.len() == count {
                return page.items;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// An activity of this number; 60 of them are an hour.
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
