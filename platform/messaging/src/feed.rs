//! The way out: a service's flushed events, translated, in commit order.

use crate::{
    ContentType, EventData, FEED_MESSAGES_MAX, Feed, FeedQuery, Message, SpecVersion, event_type,
};
use journal::{Journal, RecordedEvent};
use std::{sync::Arc, time::Duration};
use storage::StorageError;
use web::{ApiResult, ApiRouter, Json, Query, routing::get_with};

/// The longest a request for news is kept waiting.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Translates a service's stored events into what it tells the world.
pub trait EventTranslator: Send + Sync + 'static {
    /// What this event tells others; `None` when it concerns nobody else. Runs for every event, so it looks at the
    /// name before it reads the facts.
    fn translate(&self, event: &RecordedEvent) -> Option<EventData>;
}

impl<F: Fn(&RecordedEvent) -> Option<EventData> + Send + Sync + 'static> EventTranslator for F {
    fn translate(&self, event: &RecordedEvent) -> Option<EventData> {
        self(event)
    }
}

/// The route a service's feed is pulled from: `GET /internal/v1/feeds/{service}?after=&wait_ms=`.
pub fn feed_routes(
    service: &'static str,
    journal: Arc<dyn Journal>,
    translate: impl EventTranslator,
) -> ApiRouter {
    let source = Arc::new(Source { service, journal, translate: Box::new(translate) });
    let pull = move |Query(query): Query<FeedQuery>| {
        let source = Arc::clone(&source);
        async move {
            ApiResult::Ok(Json(source.pull(query).await.map_err(|error| unavailable(&error))?))
        }
    };
    let describe = get_with(pull, |operation| {
        operation.summary("What happened after a position, in commit order").tag("Feeds")
    });
    ApiRouter::new().api_route(&feed_path(service), describe)
}

/// Where a service's feed is.
pub(crate) fn feed_path(service: &str) -> String {
    format!("/internal/v1/feeds/{service}")
}

struct Source {
    service: &'static str,
    journal: Arc<dyn Journal>,
    translate: Box<dyn EventTranslator>,
}

impl Source {
    async fn pull(&self, query: FeedQuery) -> Result<Feed, StorageError> {
        let mut events = self.journal.follow(query.after, FEED_MESSAGES_MAX).await?;
        if events.is_empty() && query.wait_ms > 0 {
            let wait = Duration::from_millis(query.wait_ms).min(WAIT_MAX);
            // Nothing new in time is an empty answer, not an error.
            let _ = tokio::time::timeout(wait, self.journal.wait_beyond(query.after)).await;
            events = self.journal.follow(query.after, FEED_MESSAGES_MAX).await?;
        }
        let position = events.last().map_or(query.after, |event| event.position);
        let more = events.len() == FEED_MESSAGES_MAX;
        let messages = events.into_iter().filter_map(|event| self.message(event)).collect();
        Ok(Feed { messages, position, more })
    }

    fn message(&self, event: RecordedEvent) -> Option<Message> {
        let data = self.translate.translate(&event)?;
        Some(Message {
            specversion: SpecVersion::V1,
            id: event.id,
            kind: event_type(data.word().as_deref().unwrap_or(&event.name)),
            source: self.service.to_owned(),
            subject: event.stream,
            time: event.recorded_at,
            position: event.position,
            datacontenttype: ContentType::Json,
            data,
        })
    }
}

fn unavailable(error: &StorageError) -> kernel::Problem {
    tracing::error!(%error, "a feed cannot be read");
    kernel::Problem::unavailable("the feed")
}
