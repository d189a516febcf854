//! Relay of a source: publishes its feed to the bus, in order and at least once.

mod progress;

use super::{
    Bus, BusError, BusEvent, BusKey, BusMessage, Partition, PartitionedBus, Topic,
    connection::{BusFault, BusHealth},
    metrics::RelayMetrics,
};
use crate::{Feed, FeedEvent, FeedPage, Message};
use journal::ServiceStorage;
use kernel::{Ids, Timestamp, Uuid, codes};
use progress::RelayProgress;
use std::{fmt, sync::Arc, time::Duration};
use storage::StorageError;
use telemetry::{Criticality, Health, Metrics};
use tokio::time::{Instant, timeout};
use transport::{CallError, Context};

/// Long-polling time of one pull.
const PULL_WAIT: Duration = Duration::from_secs(3);
/// Interval of the marks in partitions that have had no message, while the feed goes on.
const MARK_INTERVAL: Duration = Duration::from_secs(2);
/// Time after which a batch without the broker's confirmation counts as failed.
const CONFIRM_WAIT_MAX: Duration = Duration::from_secs(30);
/// Maximum size of an event on the bus; brokers refuse larger messages, so consumers read a larger event from the feed.
const EVENT_BYTES_MAX: usize = 900 << 10;
/// The first pause after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// What goes on while a relay is down.
const MEANWHILE: &str = "events wait in the journal meanwhile";
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(2);

kernel::id!(/// Identity of a run of a relay.
    RelayRunId);

/// Dependencies of a relay.
#[derive(Clone, Debug)]
pub struct RelayParts {
    /// Bus to publish to.
    pub bus: PartitionedBus,
    /// The source's storage: its journal, and the relay's own progress.
    pub storage: ServiceStorage,
    /// Clock for the lag, and the identity of this run.
    pub ids: Ids,
    /// Registry of metrics.
    pub metrics: Metrics,
    /// Registry of health components.
    pub health: Health,
}

/// Relay (outbox relay) of one source. Only one at a time may run for a source.
///
/// It stores how far it has got after the broker has confirmed, in the source's own storage. After a crash it publishes the last batch
/// again. A relay without progress begins at the end of the feed: what is older is read from the feed by those who need it.
pub struct Relay<E> {
    bus: Arc<dyn Bus>,
    topic: Topic,
    key: BusKey,
    feed: Arc<dyn Feed<E>>,
    storage: ServiceStorage,
    ids: Ids,
    run: Uuid,
    metrics: RelayMetrics,
    health: BusHealth,
    progress: Option<RelayProgress>,
    marked: Instant,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the feed cannot be read: {0}")]
    Feed(#[from] CallError),
    #[error("the progress cannot be stored: {0}")]
    Storage(#[from] StorageError),
    #[error("the bus cannot be reached: {0}")]
    Bus(#[from] BusError),
}

impl<E: FeedEvent> Relay<E> {
    /// A relay of this feed.
    pub fn new(parts: RelayParts, feed: Arc<dyn Feed<E>>) -> Self {
        let component =
            parts.health.component(format!("bus relay {}", E::SOURCE), Criticality::Optional);
        let health = BusHealth::new(component, parts.bus.connection.clone(), MEANWHILE);
        health.begin();
        Self {
            topic: parts.bus.topic(E::SOURCE),
            bus: parts.bus.engine,
            key: parts.bus.key,
            feed,
            run: parts.ids.next::<RelayRunId>().0,
            metrics: RelayMetrics::of(&parts.metrics, E::SOURCE),
            storage: parts.storage,
            ids: parts.ids,
            health,
            progress: None,
            marked: Instant::now(),
        }
    }

    /// Publishes for ever. After an error it pauses, from 50 ms doubling up to 2 s, and reports itself as down, as it does without
    /// a connection to the broker.
    pub async fn run(mut self) {
        let health = self.health.clone();
        tokio::select! {
            biased;
            () = self.publish() => {}
            () = health.follow() => {}
        }
    }

    async fn publish(&mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            match self.publish_page(PULL_WAIT).await {
                Ok(_) => {
                    pause = PAUSE_MIN;
                    self.health.note(BusFault::Own, None);
                }
                Err(error) => {
                    if pause == PAUSE_MIN {
                        tracing::warn!(source = E::SOURCE, %error, "a feed cannot be published, and is tried until it can");
                    }
                    self.metrics.failures.inc_by(1);
                    self.health.note(BusFault::Own, Some(error.to_string()));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Publishes one page without waiting for messages; returns how many. For tests.
    pub async fn step(&mut self) -> Result<usize, StorageError> {
        let published = self.publish_page(Duration::ZERO).await;
        published.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    async fn publish_page(&mut self, wait: Duration) -> Result<usize, RelayError> {
        let progress = match self.progress.take() {
            Some(progress) => progress,
            None => match RelayProgress::load(&self.storage, self.topic.partitions).await? {
                Some(progress) => progress,
                None => RelayProgress::begin(&self.storage, self.topic.partitions).await?,
            },
        };
        let page = match self.pull(&progress, wait).await {
            Ok(page) => page,
            Err(error) if error.problem(&codes::POSITION_UNKNOWN).is_some() => {
                tracing::error!(source = E::SOURCE, %error, "the relay begins at the end of the feed");
                let begun = RelayProgress::begin(&self.storage, self.topic.partitions).await?;
                self.progress = Some(begun);
                return Ok(0);
            }
            Err(error) => {
                self.progress = Some(progress);
                return Err(error.into());
            }
        };
        let (mut next, mut messages) = (progress.clone(), Vec::new());
        for message in &page.messages {
            messages.extend(self.message(&mut next, message));
        }
        next.position = page.position;
        next.event_id = page.event_id;
        self.mark(&mut next, &mut messages);
        self.progress = Some(progress);
        if messages.is_empty() {
            // Internal events alone: the progress is stored with the next message.
            self.progress = Some(next);
            return Ok(0);
        }
        match timeout(CONFIRM_WAIT_MAX, self.bus.publish(self.topic, &messages)).await {
            Ok(published) => published?,
            Err(_) => return Err(BusError::Unavailable("it does not confirm".to_owned()).into()),
        }
        drop(next.store(&self.storage, self.topic.partitions).await?);
        self.progress = Some(next);
        self.metrics.published.inc_by(messages.len() as u64);
        self.observe_lag(&page);
        Ok(messages.len())
    }

    async fn pull(
        &self,
        progress: &RelayProgress,
        wait: Duration,
    ) -> Result<FeedPage<E>, CallError> {
        let wait = if progress.is_behind() { wait.min(MARK_INTERVAL) } else { wait };
        let wait_ms = u64::try_from(wait.as_millis()).expect("a wait is a few seconds");
        let pull = self.feed.pull(progress.position, wait_ms, progress.event_id);
        Context::default().scope(pull).await
    }

    /// The message for the bus; `None` where JSON cannot represent it or it is too large: its consumers find the gap, and
    /// read it from the feed.
    fn message(&self, progress: &mut RelayProgress, message: &Message<E>) -> Option<BusMessage> {
        let number = Partition::of(&message.subject, self.topic.partitions).number;
        let previous = progress.advance(number, message.position);
        let written = message.to_cloud_event().and_then(|written| serde_json::to_vec(&written));
        let cloud_event = written
            .inspect_err(
                |error| tracing::error!(%error, source = E::SOURCE, "an event is not published"),
            )
            .ok()?;
        if cloud_event.len() > EVENT_BYTES_MAX {
            return None;
        }
        let written = BusMessage {
            partition: number,
            position: message.position,
            previous,
            id: message.id,
            run: self.run,
            event: Some(BusEvent {
                subject: message.subject.clone(),
                cloud_event: cloud_event.into(),
                traceparent: traceparent(message.id),
            }),
            proof: None,
        };
        Some(self.key.proven(self.topic, written))
    }

    /// Adds the marks that are due.
    fn mark(&mut self, progress: &mut RelayProgress, messages: &mut Vec<BusMessage>) {
        let Some(id) = progress.event_id else { return };
        if self.marked.elapsed() < MARK_INTERVAL {
            return;
        }
        self.marked = Instant::now();
        let position = progress.position;
        for partition in 0..self.topic.partitions {
            let previous = progress.advance(partition, position);
            if previous < position {
                let (run, event, proof) = (self.run, None, None);
                let mark = BusMessage { partition, position, previous, id, run, event, proof };
                messages.push(self.key.proven(self.topic, mark));
            }
        }
    }

    fn observe_lag(&self, page: &FeedPage<E>) {
        let now: Timestamp = self.ids.now();
        for message in &page.messages {
            self.metrics.observe_lag(message.time, now);
        }
    }
}

/// Trace of an event: its identity, so that whoever handles it, wherever it came from, is in one trace with the others.
fn traceparent(event: Uuid) -> String {
    let id = event.simple().to_string();
    format!("00-{id}-{}-01", &id[16..])
}

impl<E> fmt::Debug for Relay<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Relay").field("topic", &self.topic).finish_non_exhaustive()
    }
}
