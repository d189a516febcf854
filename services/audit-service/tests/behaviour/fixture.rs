//! Test fixture: the audit service among source services that only have a feed.

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    audit::{Activity, ActivityBatch, Audit, AuditPage},
    auth_event::AuthEvent,
    cart::CartEvent,
    inventory::InventoryEvent,
    order::OrderEvent,
    payment::PaymentEvent,
    product::ProductEvent,
    shared::ActivityId,
};
use engine_memory::MemoryEngine;
use journal::{Append, AppendError, Journal, NewEvent, TypedEvent};
use kernel::{ManualClock, Origin, Problem, Timestamp, Uuid};
use messaging::{FEED_EVENTS_MAX, Feed, FeedEvent, FeedPage};
use rpc::CallError;
use runtime::{BuildContext, BuildFuture, Module};
use serde_json::{Map, Value as Json, json};
use std::{marker::PhantomData, ops::Deref, sync::Arc};
use testkit::{ServiceFixture, fake};
use web::ApiRouter;

const fn source<E: FeedEvent>() -> Module {
    fake(E::SOURCE, build_feed::<E>)
}

static TABLE: &[Module] = &[
    audit_service::MODULE,
    source::<ProductEvent>(),
    source::<CartEvent>(),
    source::<InventoryEvent>(),
    source::<PaymentEvent>(),
    source::<OrderEvent>(),
    source::<AuthEvent>(),
];

fn build_feed<E: FeedEvent>(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let feed = PublishedFeed::<E> { journal: context.journal(), event: PhantomData };
        context.provide::<dyn Feed<E>>(Arc::new(feed))?;
        Ok(context.serve(ApiRouter::new()))
    })
}

/// Feed of the published JSON, read as a consumer in another process reads it.
#[derive(Debug)]
struct PublishedFeed<E> {
    journal: Arc<dyn Journal>,
    event: PhantomData<E>,
}

#[async_trait]
impl<E: FeedEvent> Feed<E> for PublishedFeed<E> {
    async fn pull(
        &self,
        after: u64,
        wait_ms: u64,
        _: Option<Uuid>,
    ) -> Result<FeedPage<E>, CallError> {
        let wait = std::time::Duration::from_millis(wait_ms);
        // Without news in time the page is empty.
        let _ = tokio::time::timeout(wait, self.journal.wait_beyond(after)).await;
        let events = self.journal.follow(after, FEED_EVENTS_MAX).await.map_err(Problem::from)?;
        let position = events.last().map_or(after, |event| event.position);
        let written = |event: &journal::RecordedEvent| {
            let data: Json = serde_json::from_slice(&event.data).unwrap();
            json!({
                "id": event.id, "source": E::SOURCE, "subject": event.stream,
                "time": event.recorded_at, "position": event.position, "data": data,
                "origin": event.origin.as_ref().map(ToString::to_string),
            })
        };
        let messages: Vec<Json> = events.iter().map(written).collect();
        let page = json!({ "messages": messages, "position": position });
        Ok(serde_json::from_str(&page.to_string()).unwrap())
    }
}

pub(crate) struct AuditFixture {
    fixture: ServiceFixture,
    /// Typed contract, behind its guard.
    pub(crate) audit: Arc<dyn Audit>,
}

impl Deref for AuditFixture {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl AuditFixture {
    pub(crate) async fn start() -> Self {
        Self::on(MemoryEngine::new(), &[]).await
    }

    /// Fixture on an existing engine, with settings of the audit service.
    pub(crate) async fn on(engine: MemoryEngine, settings: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-06-01T00:00:00Z")));
        let fixture = ServiceFixture::start(TABLE, engine, clock, settings).await;
        let audit = fixture.contract::<dyn Audit>();
        Self { fixture, audit }
    }

    pub(crate) async fn page(&self, query: &str) -> AuditPage {
        self.try_page(query).await.unwrap()
    }

    pub(crate) async fn try_page(&self, query: &str) -> Result<AuditPage, CallError> {
        self.client().get(format!("/api/v1/audit?{query}")).send().await
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
        self.publish_from(None, source, subject, data).await;
    }

    /// Publishes an event of `source` with the origin of the change.
    pub(crate) async fn publish_from(
        &self,
        origin: Option<Origin>,
        source: &'static str,
        subject: &str,
        data: Json,
    ) {
        self.publish_at("2026-05-31T12:00:00Z", origin, source, subject, data).await;
    }

    /// Publishes an event that was recorded at this time.
    pub(crate) async fn publish_at(
        &self,
        time: &str,
        origin: Option<Origin>,
        source: &'static str,
        subject: &str,
        data: Json,
    ) {
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), data.to_string().as_bytes()),
            name: "published",
            data: Bytes::from(data.to_string()),
            recorded_at: at(time),
            typed: TypedEvent::default(),
            personal: None,
        };
        let stream = subject.to_owned();
        let (events, writes) = (vec![event], Vec::new());
        let mut append = Append { stream, expected: 0, events, writes, origin, sequence: None };
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

/// Batch of the product service.
pub(crate) fn batch(activities: Vec<Activity>, lost: u64) -> ActivityBatch {
    ActivityBatch { source: "product-service".to_owned(), activities, lost }
}

/// Activity number `number`, one per minute.
pub(crate) fn activity(number: u32, actor: &str, action: &str, subject: &str) -> Activity {
    let start = at("2026-05-01T00:00:00Z");
    let minutes = std::time::Duration::from_secs(u64::from(number) * 60);
    Activity {
        id: ActivityId(Uuid::from_u128(u128::from(number) + 1)),
        at: start.checked_add(minutes).unwrap(),
        actor: actor.to_owned(),
        edge: "shop".to_owned(),
        address: None,
        user_agent: None,
        action: action.to_owned(),
        subject: subject.to_owned(),
        details: Map::new(),
        request_id: Some(format!("request-{number}")),
    }
}
