//! Feed of a service over its journal, which serves as the outbox: flushed events, in commit order.

use async_trait::async_trait;
use journal::{DecodeError, Journal, RecordedEvent};
use kernel::{Problem, Uuid, codes};
use rpc::{CallError, Feed, FeedEvent, FeedPage, Message};
use std::{fmt, sync::Arc, time::Duration};

/// Maximum number of journal events that one page of a feed covers.
pub const FEED_EVENTS_MAX: usize = 512;
/// Maximum long-polling time of a pull.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Translation of a service's stored events into those of its contract; `None` for an internal event. It runs for every
/// event, so it should look at the name before it decodes the data.
pub trait Translate<E>:
    Fn(&RecordedEvent) -> Result<Option<E>, DecodeError> + Send + Sync + 'static
{
}

impl<E, F> Translate<E> for F where
    F: Fn(&RecordedEvent) -> Result<Option<E>, DecodeError> + Send + Sync + 'static
{
}

/// Feed of a service: its journal, translated. Provides the contract [`Feed`].
///
/// ```
/// use engine_memory::MemoryEngine;
/// use journal::RecordedEvent;
/// use messaging::{Feed, FeedEvent, JournalFeed};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum LetterEvent {
///     LetterSent,
/// }
///
/// impl FeedEvent for LetterEvent {
///     const SOURCE: &'static str = "letter-service";
///     const TYPES: &'static [&'static str] = &["letter_sent"];
/// }
///
/// let translate = |recorded: &RecordedEvent| Ok((recorded.name == "sent").then_some(LetterEvent::LetterSent));
/// let feed = JournalFeed::new(MemoryEngine::new().service("letter-service").journal, translate);
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let page = feed.pull(0, 0, None).await.unwrap();
/// assert_eq!((page.messages.len(), page.position), (0, 0));
/// # });
/// ```
pub struct JournalFeed<E> {
    journal: Arc<dyn Journal>,
    translate: Box<dyn Translate<E>>,
}

impl<E: FeedEvent> JournalFeed<E> {
    /// The feed of the service with this journal.
    pub fn new(journal: Arc<dyn Journal>, translate: impl Translate<E>) -> Self {
        Self { journal, translate: Box::new(translate) }
    }

    /// Events after a position, if the position is one of this journal.
    async fn events_after(
        &self,
        after: u64,
        event_id: Option<Uuid>,
    ) -> Result<Vec<RecordedEvent>, Problem> {
        let (Some(id), Some(before)) = (event_id, after.checked_sub(1)) else {
            // Without an id only the end of the journal can tell.
            return match self.journal.last_position().await? {
                last if after > last => Err(position_unknown::<E>(after)),
                _ => Ok(self.journal.follow(after, FEED_EVENTS_MAX).await?),
            };
        };
        let mut events = self.journal.follow(before, FEED_EVENTS_MAX + 1).await?;
        match events.first() {
            Some(event) if (event.position, event.id) == (after, id) => {
                drop(events.drain(..1));
                Ok(events)
            }
            _ => Err(position_unknown::<E>(after)),
        }
    }

    fn message(&self, recorded: RecordedEvent) -> Option<Message<E>> {
        let event = match (self.translate)(&recorded) {
            Ok(event) => event?,
            Err(error) => {
                // The feed continues without it: waiting would block all consumers for an event that never becomes readable.
                tracing::error!(%error, service = E::SOURCE, "a stored event is left out of the feed");
                return None;
            }
        };
        Some(Message {
            id: recorded.id,
            subject: recorded.stream,
            time: recorded.recorded_at,
            position: recorded.position,
            origin: recorded.origin,
            event,
        })
    }
}

#[async_trait]
impl<E: FeedEvent> Feed<E> for JournalFeed<E> {
    async fn pull(
        &self,
        after: u64,
        wait_ms: u64,
        event_id: Option<Uuid>,
    ) -> Result<FeedPage<E>, CallError> {
        let mut events = self.events_after(after, event_id).await?;
        if events.is_empty() && wait_ms > 0 {
            let wait = Duration::from_millis(wait_ms).min(WAIT_MAX);
            // After a timeout the page is empty.
            let _ = tokio::time::timeout(wait, self.journal.wait_beyond(after)).await;
            events = self.journal.follow(after, FEED_EVENTS_MAX).await.map_err(Problem::from)?;
        }
        let (position, event_id) =
            events.last().map_or((after, event_id), |event| (event.position, Some(event.id)));
        let messages = events.into_iter().filter_map(|event| self.message(event)).collect();
        Ok(FeedPage { messages, unreadable: Vec::new(), position, event_id })
    }
}

fn position_unknown<E: FeedEvent>(position: u64) -> Problem {
    let title = format!("the journal of {} does not have position {position}", E::SOURCE);
    Problem::of(codes::POSITION_UNKNOWN, title)
}

impl<E: FeedEvent> fmt::Debug for JournalFeed<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("JournalFeed").field(&E::SOURCE).finish()
    }
}
