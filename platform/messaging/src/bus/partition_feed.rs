//! Feed of one partition: the messages of the bus as long as they follow on each other, and otherwise those of the source's
//! feed that belong to the partition.

use super::{BusMessage, Partition, metrics::Fallback, receiver::Receiver};
use crate::{CloudEvent, Feed, FeedEvent, FeedPage, Message};
use async_trait::async_trait;
use kernel::{Uuid, codes};
use rpc::CallError;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// Feed of one partition that a member of a consumer group was assigned.
pub(super) struct PartitionFeed<E> {
    upstream: Arc<dyn Feed<E>>,
    partition: Partition,
    state: Mutex<PartitionState>,
}

struct PartitionState {
    receiver: Receiver,
    /// Why the source's feed is being read.
    reading: Option<Fallback>,
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
        receiver: Receiver,
        partition: Partition,
        upstream: Arc<dyn Feed<E>>,
    ) -> Self {
        receiver.metrics().count(Fallback::Begin);
        let reading = Some(Fallback::Begin);
        let state = PartitionState { receiver, reading, handled: 0, verified: None };
        Self { upstream, partition, state: Mutex::new(state) }
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
        state: &mut PartitionState,
        after: u64,
        event_id: Option<Uuid>,
        until: Instant,
    ) -> Result<BusAnswer<E>, CallError> {
        state.receiver.fill(until).await;
        let mut page = empty_page(after, event_id);
        while let Some(taken) = state.receiver.take() {
            let message = &taken.1;
            if message.position <= page.position {
                continue;
            }
            let has_begun = page.position > after;
            let is_verified = state.verified == Some(message.run);
            let follows = message.previous <= page.position;
            if has_begun && !(is_verified && follows) {
                state.receiver.put_back(taken);
                break;
            }
            if !is_verified {
                if self.is_of_the_journal(message, after, event_id).await? {
                    state.verified = Some(message.run);
                    state.receiver.put_back(taken);
                }
                continue;
            }
            if !follows {
                state.receiver.put_back(taken);
                return Ok(BusAnswer::Fallback(Fallback::Gap));
            }
            if !take(&mut page, message) {
                if has_begun {
                    state.receiver.put_back(taken);
                    break;
                }
                return Ok(BusAnswer::Fallback(Fallback::Gap));
            }
        }
        Ok(match page.position {
            position if position > after => BusAnswer::Page(page),
            _ if state.receiver.is_in_doubt() => BusAnswer::Fallback(Fallback::Unproven),
            _ if state.receiver.is_silent() => BusAnswer::Fallback(Fallback::Silence),
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
                    "a message on the bus is not from the journal of its source, and is dropped; perhaps a copy of this shop uses the same bus"
                );
                Ok(false)
            }
            Err(error) => Err(error),
        }
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
        if after != std::mem::replace(&mut state.handled, after) {
            state.receiver.acknowledge();
        }
        loop {
            if state.reading == Some(Fallback::Gap) && state.receiver.follows(after) {
                state.reading = None;
            }
            if state.reading.is_some() {
                if let Some(page) = self.read(after, event_id).await? {
                    return Ok(page);
                }
                state.receiver.looked();
                if state.reading.take() == Some(Fallback::Gap) && !state.receiver.follows(after) {
                    // The feed ends before what the bus has: it is for a later look, not for an endless one.
                    state.receiver.skip();
                }
            }
            match self.receive(&mut state, after, event_id, until).await? {
                BusAnswer::Page(page) => return Ok(page),
                BusAnswer::Fallback(fallback) => {
                    state.receiver.metrics().count(fallback);
                    state.reading = Some(fallback);
                }
                BusAnswer::Nothing if until <= Instant::now() || state.receiver.is_revoked() => {
                    return Ok(empty_page(after, event_id));
                }
                BusAnswer::Nothing => {}
            }
        }
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
