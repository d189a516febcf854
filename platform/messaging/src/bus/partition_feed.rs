//! Feed of one partition: the messages of the bus as long as they follow on each other, and otherwise those of the source's
//! feed that belong to the partition.

use super::{
    Assignment, BusError, BusMessage, Partition,
    metrics::{Fallback, FallbackMetrics},
};
use crate::{CloudEvent, Feed, FeedEvent, FeedPage, Message};
use async_trait::async_trait;
use kernel::{Uuid, codes};
use rpc::CallError;
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

/// Maximum number of messages of one page.
const PAGE_MESSAGES_MAX: usize = 256;
/// Silence of the bus after which the source's feed is looked at. Longer than the marks of a relay are apart, so that
/// the feed is left alone while the bus works.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// The same while the broker is known to be unreachable.
const OUTAGE_SILENCE_MAX: Duration = Duration::from_secs(1);
/// Pause after an error of the broker.
const ERROR_PAUSE: Duration = Duration::from_millis(200);

/// Feed of one partition that a member of a consumer group was assigned.
pub(super) struct PartitionFeed<E> {
    upstream: Arc<dyn Feed<E>>,
    partition: Partition,
    metrics: FallbackMetrics,
    state: Mutex<ReceiverState>,
}

struct ReceiverState {
    assignment: Box<dyn Assignment>,
    /// Messages of the bus that no page contains yet.
    received: VecDeque<BusMessage>,
    /// Why the source's feed is being read.
    reading: Option<Fallback>,
    /// When the bus said something, or the feed was looked at.
    heard: Instant,
    is_down: bool,
    /// Position of the last pull, up to which everything is handled; flushed it is when the next pull comes.
    handled: u64,
    /// Run of the relay whose messages are known to be from the journal that the source has.
    verified: Option<Uuid>,
}

/// What the bus has for a pull.
enum BusAnswer<E> {
    Page(FeedPage<E>),
    Nothing,
    Fallback(Fallback),
}

impl<E: FeedEvent> PartitionFeed<E> {
    pub(super) fn new(
        assignment: Box<dyn Assignment>,
        partition: Partition,
        upstream: Arc<dyn Feed<E>>,
        metrics: FallbackMetrics,
    ) -> Self {
        metrics.count(Fallback::Begin);
        let state = ReceiverState {
            assignment,
            received: VecDeque::new(),
            reading: Some(Fallback::Begin),
            heard: Instant::now(),
            is_down: false,
            handled: 0,
            verified: None,
        };
        Self { upstream, partition, metrics, state: Mutex::new(state) }
    }

    /// The next page of the source's feed, as far as it is the partition's; `None` at the end of the feed.
    async fn read(
        &self,
        after: u64,
        event_id: Option<Uuid>,
    ) -> Result<Option<FeedPage<E>>, CallError> {
        let mut page = self.upstream.pull(after, 0, event_id).await?;
        if page.position <= after {
            return Ok(None);
        }
        page.messages.retain(|message| self.partition.contains(&message.subject));
        page.unreadable.retain(|(written, _)| self.partition.contains(&written.subject));
        Ok(Some(page))
    }

    /// The next page of the bus.
    async fn receive(
        &self,
        state: &mut ReceiverState,
        after: u64,
        event_id: Option<Uuid>,
        until: Instant,
    ) -> Result<BusAnswer<E>, CallError> {
        state.fill(until).await;
        let mut page = empty_page(after, event_id);
        while let Some(message) = state.received.pop_front() {
            if message.position <= page.position {
                continue;
            }
            let has_begun = page.position > after;
            let is_verified = state.verified == Some(message.run);
            let follows = message.previous <= page.position;
            if has_begun && !(is_verified && follows) {
                state.received.push_front(message);
                break;
            }
            if !is_verified {
                if self.is_of_the_journal(&message, after, event_id).await? {
                    state.verified = Some(message.run);
                    state.received.push_front(message);
                }
                continue;
            }
            if !follows {
                state.received.push_front(message);
                return Ok(BusAnswer::Fallback(Fallback::Gap));
            }
            if !take(&mut page, &message) {
                if has_begun {
                    state.received.push_front(message);
                    break;
                }
                return Ok(BusAnswer::Fallback(Fallback::Gap));
            }
        }
        Ok(match page.position {
            position if position > after => BusAnswer::Page(page),
            _ if state.silent_since() <= Instant::now() => BusAnswer::Fallback(Fallback::Silence),
            _ => BusAnswer::Nothing,
        })
    }

    /// Verifies the journal before anything of another run of the relay is believed. The source's journal may have been
    /// restored from an older copy: then it does not have this consumer's position, which is the error, or not what an earlier
    /// run has published of a history that is no more.
    async fn is_of_the_journal(
        &self,
        message: &BusMessage,
        after: u64,
        event_id: Option<Uuid>,
    ) -> Result<bool, CallError> {
        self.upstream.pull(after, 0, event_id).await?;
        match self.upstream.pull(message.position, 0, Some(message.id)).await {
            Ok(_) => Ok(true),
            Err(error) if error.problem(&codes::POSITION_UNKNOWN).is_some() => {
                let position = message.position;
                tracing::warn!(
                    source = E::SOURCE,
                    position,
                    "a message on the bus is not from the journal of its source, and is dropped"
                );
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl ReceiverState {
    /// Receives messages, if there are none, until the time is over or the bus has been silent for too long.
    async fn fill(&mut self, until: Instant) {
        if !self.received.is_empty() {
            return;
        }
        let until = until.min(self.silent_since());
        match timeout_at(until, self.assignment.receive(PAGE_MESSAGES_MAX)).await {
            Ok(Ok(messages)) => {
                self.received = messages.into();
                self.heard = Instant::now();
                self.is_down = false;
            }
            Ok(Err(BusError::Unavailable(reason))) => {
                if !std::mem::replace(&mut self.is_down, true) {
                    tracing::warn!(reason, "the bus cannot be reached");
                }
                tokio::time::sleep_until(until.min(Instant::now() + ERROR_PAUSE)).await;
            }
            // The consumer sees that it is revoked, and ends.
            Ok(Err(BusError::Revoked)) | Err(_) => {}
        }
    }

    fn silent_since(&self) -> Instant {
        self.heard + if self.is_down { OUTAGE_SILENCE_MAX } else { SILENCE_MAX }
    }

    /// Whether the messages that were received follow on this position, or there is none of them left.
    fn follows(&mut self, after: u64) -> bool {
        let is_repeat = |message: &BusMessage| message.position <= after;
        while self.received.front().is_some_and(is_repeat) {
            self.received.pop_front();
        }
        self.received.front().is_none_or(|message| message.previous <= after)
    }
}

fn empty_page<E>(position: u64, event_id: Option<Uuid>) -> FeedPage<E> {
    FeedPage { messages: Vec::new(), unreadable: Vec::new(), position, event_id }
}

/// Adds a message to a page; `false` if it cannot be read, not even as one that is unreadable.
fn take<E: FeedEvent>(page: &mut FeedPage<E>, message: &BusMessage) -> bool {
    if let Some(event) = &message.event {
        let Ok(written) = serde_json::from_slice::<CloudEvent>(&event.cloud_event) else {
            return false;
        };
        match Message::from_cloud_event(&written) {
            Ok(message) => page.messages.push(message),
            Err(error) if written.data.is_one_of(E::TYPES) => {
                page.unreadable.push((written, error.to_string()));
            }
            // Of a later version.
            Err(_) => {}
        }
    }
    page.position = message.position;
    page.event_id = Some(message.id);
    true
}

#[async_trait]
impl<E: FeedEvent> Feed<E> for PartitionFeed<E> {
    async fn pull(
        &self,
        after: u64,
        wait_ms: u64,
        event_id: Option<Uuid>,
    ) -> Result<FeedPage<E>, CallError> {
        let until = Instant::now() + Duration::from_millis(wait_ms);
        let mut state = self.state.lock().await;
        if after != state.handled {
            let handled = std::mem::replace(&mut state.handled, after);
            state.assignment.acknowledge(handled.min(after));
        }
        loop {
            if state.reading == Some(Fallback::Gap) && state.follows(after) {
                state.reading = None;
            }
            if state.reading.is_some() {
                if let Some(page) = self.read(after, event_id).await? {
                    return Ok(page);
                }
                state.heard = Instant::now();
                if state.reading.take() == Some(Fallback::Gap) && !state.follows(after) {
                    // The feed ends before what the bus has: it is for a later look, not for an endless one.
                    state.received.pop_front();
                }
            }
            match self.receive(&mut state, after, event_id, until).await? {
                BusAnswer::Page(page) => return Ok(page),
                BusAnswer::Fallback(fallback) => {
                    self.metrics.count(fallback);
                    state.reading = Some(fallback);
                }
                BusAnswer::Nothing if until <= Instant::now() || state.is_revoked() => {
                    return Ok(empty_page(after, event_id));
                }
                BusAnswer::Nothing => {}
            }
        }
    }
}

impl ReceiverState {
    fn is_revoked(&self) -> bool {
        let revoked = self.assignment.revoked();
        *revoked.borrow() || revoked.has_changed().is_err()
    }
}

impl<E: FeedEvent> fmt::Debug for PartitionFeed<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PartitionFeed")
            .field("source", &E::SOURCE)
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}
