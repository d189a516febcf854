//! Consumer of a feed: pulls messages, handles them, and commits its position together with the effects (inbox).

mod metrics;
mod position;
mod subscription;

pub use subscription::Subscription;

use crate::{
    CloudEvent, Feed, FeedEvent, FeedPage, Handler, HandlerError, Message, Parked, bus::Partition,
    handler::GuardedHandler, parking::ParkingLot,
};
use futures_util::poll;
use journal::ServiceStorage;
use kernel::{Ids, Uuid, codes};
use metrics::ConsumerMetrics;
use position::{
    FeedPosition, FormerPositions, StoredPositions, consumer_key, is_stored, position_key,
    write_with,
};
use std::{pin::pin, sync::Arc, task::Poll, time::Duration};
use storage::{Collection, Commit, CommitError, Document, StorageError, Write, durability};
use telemetry::{Component, Criticality, Health, Metrics, health_details::LAG_MS};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    time::{Instant, timeout},
};
use transport::{CallError, Context};

/// Long-polling time of one pull; shorter than the attempt timeout of a network transport.
const PULL_WAIT: Duration = Duration::from_secs(3);
/// Time that the source has for its response beyond the long-polling time.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// The first pause after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Maximum number of attempts to handle a message before it is parked.
const TRIES_MAX: u32 = 20;

static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// Collections that a service has when it consumes a feed: the positions, the parked messages and the requests to replay them.
pub static CONSUMER_COLLECTIONS: [&Collection; 3] =
    [&INBOX, crate::parking::COLLECTIONS[0], crate::parking::COLLECTIONS[1]];

/// Dependencies and settings of a consumer.
#[derive(Clone, Debug)]
pub struct ConsumerParts {
    /// Consumer group, unique within the consuming service.
    pub group: &'static str,
    /// Storage of the position and of parked messages.
    pub storage: ServiceStorage,
    /// Clock for the lag and for the time of parking.
    pub ids: Ids,
    /// Registry of metrics.
    pub metrics: Metrics,
    /// Registry of health components.
    pub health: Health,
}

/// Consumer of one feed for one consumer group: pulls, handles, and commits the position together with the effects (inbox),
/// so that every message takes effect exactly once however often it is delivered.
///
/// Only one consumer at a time may run for a group: a position is stored without a check for a concurrent one.
///
/// ```
/// # use messaging::{FeedEvent, HandlerError, Message};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, Serialize, Deserialize)]
/// # #[serde(tag = "type", rename_all = "snake_case")]
/// # enum MeterEvent { ReadingTaken { value: i64 } }
/// # impl FeedEvent for MeterEvent {
/// #     const SOURCE: &'static str = "meter-service";
/// #     const TYPES: &'static [&'static str] = &["reading_taken"];
/// # }
/// # struct Readings;
/// # #[async_trait::async_trait]
/// # impl messaging::Handler<MeterEvent> for Readings {
/// #     async fn handle(&self, _: &Message<MeterEvent>) -> Result<Vec<storage::Write>, HandlerError> { Ok(Vec::new()) }
/// # }
/// use engine_memory::MemoryEngine;
/// use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
/// use messaging::{Consumer, ConsumerParts, JournalFeed};
/// use std::sync::Arc;
///
/// let engine = MemoryEngine::new();
/// let journal = engine.service("meter-service").journal;
/// let feed = JournalFeed::<MeterEvent>::new(journal, |_: &journal::RecordedEvent| Ok(None));
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let parts = ConsumerParts {
///     group: "readings",
///     storage: engine.service("chart-service"),
///     ids: Ids::new(clock, Arc::new(SeededRandomness::new(1))),
///     metrics: telemetry::Metrics::new(),
///     health: telemetry::Health::new(),
/// };
/// let mut consumer = Consumer::new(parts, Arc::new(feed), Arc::new(Readings));
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// assert_eq!(consumer.step().await.unwrap(), 0);
/// # });
/// ```
pub struct Consumer<E> {
    group: &'static str,
    /// Storage key of the consumer.
    key: String,
    /// The part of the feed that it consumes.
    partition: Partition,
    /// Held while a batch is handled and until its writes are on their way, by one partition of the consumer at a time.
    turn: Arc<Mutex<()>>,
    feed: Arc<dyn Feed<E>>,
    storage: ServiceStorage,
    ids: Ids,
    parking: ParkingLot,
    handler: GuardedHandler<E>,
    metrics: ConsumerMetrics,
    component: Component,
    position: Option<FeedPosition>,
    /// Position in the store, as far as this consumer knows; `None` where there is none.
    stored: Option<FeedPosition>,
    /// What is handled beyond its position.
    former: FormerPositions,
    /// Writes to commit with the next position.
    pending: Vec<Write>,
    /// Why the feed is read again from its beginning, until that is done.
    rereading: Option<String>,
    /// Commit of the last batch, possibly not flushed yet: the next batch is pulled and handled meanwhile.
    unflushed: Commit,
    failing: Option<FailureCount>,
    /// Lag that the health component has, in milliseconds.
    noted_lag_ms: Option<u64>,
}

/// Number of consecutive failures of a message.
#[derive(Clone, Copy)]
struct FailureCount {
    id: Uuid,
    tries: u32,
}

/// Error of a pull.
#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("an effect was lost: {0}")]
    CommitError(#[from] CommitError),
    #[error("the store has lost the position of {0}: it is read again, and the feed from there")]
    PositionLost(&'static str),
    #[error("{0}")]
    Retry(String),
}

/// Outcome of a batch.
#[derive(Default)]
struct BatchOutcome {
    writes: Vec<Write>,
    count: usize,
    parked: usize,
    /// Position at which the batch stopped early, and why.
    stopped: Option<(FeedPosition, String)>,
}

impl<E: FeedEvent> Consumer<E> {
    /// A consumer of `feed` with this handler.
    pub fn new(parts: ConsumerParts, feed: Arc<dyn Feed<E>>, handler: Arc<dyn Handler<E>>) -> Self {
        Self::of_partition(parts, feed, handler, (Partition::WHOLE, Arc::default()))
    }

    /// A consumer of one partition, which `feed` has alone. The partitions of a consumer share their turn.
    pub(crate) fn of_partition(
        parts: ConsumerParts,
        feed: Arc<dyn Feed<E>>,
        handler: Arc<dyn Handler<E>>,
        (partition, turn): (Partition, Arc<Mutex<()>>),
    ) -> Self {
        let key = consumer_key(parts.group, E::SOURCE);
        let name = format!("feed {}", position_key(&key, partition));
        let component = parts.health.component(name, Criticality::Optional);
        component.up();
        Self {
            group: parts.group,
            partition,
            turn,
            feed,
            parking: ParkingLot::new(
                parts.group,
                (key.clone(), partition),
                parts.storage.clone(),
                parts.ids.clone(),
            ),
            metrics: ConsumerMetrics::of(&parts.metrics, parts.group, E::SOURCE),
            storage: parts.storage,
            ids: parts.ids,
            key,
            handler: GuardedHandler::new(handler),
            component,
            position: None,
            stored: None,
            former: FormerPositions::default(),
            pending: Vec::new(),
            rereading: None,
            unflushed: Commit::durable(),
            failing: None,
            noted_lag_ms: None,
        }
    }

    /// Consumes the feed for ever. After an error it pauses, from 50 ms doubling up to 10 s, and reports itself as down; the first of
    /// several in turn is logged.
    pub async fn run(self) {
        let (_never, revoked) = watch::channel(false);
        self.run_until(revoked).await;
    }

    /// Consumes the feed until it is revoked. When this returns, nothing of it is under way any more.
    pub(crate) async fn run_until(mut self, mut revoked: watch::Receiver<bool>) {
        let mut pause = PAUSE_MIN;
        while !*revoked.borrow() && revoked.has_changed().is_ok() {
            match self.pull(PULL_WAIT).await {
                Ok(_) => {
                    pause = PAUSE_MIN;
                    match &self.rereading {
                        Some(reason) => self.component.starting(reason.clone()),
                        None => self.component.up(),
                    }
                }
                Err(error) => {
                    if pause == PAUSE_MIN {
                        tracing::warn!(group = self.group, source = E::SOURCE, %error, "a feed cannot be consumed, and is tried until it can");
                    }
                    self.component.down(error.to_string());
                    // Whether it is revoked is asked above.
                    let _ = timeout(pause, revoked.wait_for(|revoked| *revoked)).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        if let Err(error) = self.flushed().await {
            tracing::warn!(group = self.group, source = E::SOURCE, %error, "the last batch is lost");
        }
        self.component.up();
    }

    /// Consumes one batch without waiting for messages, and flushes it. Returns the number of handled messages.
    pub async fn step(&mut self) -> Result<usize, StorageError> {
        let pulled = match self.pull(Duration::ZERO).await {
            Ok(count) => self.flushed().await.map(|()| count),
            Err(error) => Err(error),
        };
        pulled.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// The parked messages, for tests.
    pub async fn parked(&self) -> Result<Vec<Parked>, StorageError> {
        self.parking.all().await
    }

    async fn pull(&mut self, wait: Duration) -> Result<usize, PullError> {
        let pulled = self.pull_batch(wait).await;
        if let Err(error) = &pulled {
            // A store outside the journal may have lost its last writes by the time it answers again, or has those of this batch in part.
            let is_of_store = matches!(
                error,
                PullError::Storage(_) | PullError::CommitError(_) | PullError::PositionLost(_)
            );
            let flushed = self.flushed().await;
            if is_of_store {
                self.position = None;
            }
            // The cache may contain decisions that were not stored; it is read again from the store.
            self.parking.forget();
            flushed?;
        }
        pulled
    }

    async fn pull_batch(&mut self, wait: Duration) -> Result<usize, PullError> {
        let is_first = self.position.is_none();
        let after = match self.position {
            Some(position) => position,
            None => self.stored_position().await?,
        };
        let page = match self.fetch(after, wait).await {
            Ok(page) => page,
            Err(error) => match error.problem(&codes::POSITION_UNKNOWN) {
                Some(problem) => return Ok(self.begin_anew(&problem.title)),
                None => return Err(error.into()),
            },
        };
        let turn = Arc::clone(&self.turn).lock_owned().await;
        self.parking.replay(&self.handler).await?;
        self.position = Some(after);
        let end = FeedPosition { position: page.position, event_id: page.event_id };
        if end.position <= after.position {
            // A feed that is quiet for days must not leave for days what a store has lost.
            let key = position_key(&self.key, self.partition);
            if !is_stored(&key, self.stored, &self.storage).await? {
                return Err(self.position_lost());
            }
            self.rereading = None;
            self.note_lag(0);
            return Ok(0);
        }
        let received = received(page, after.position);
        let mut received = self.without_handled(received);
        if is_first && self.stored.is_some() && kernel::defects::planted("first_message_skipped") {
            received.drain(..received.len().min(1));
        }
        let (taken, dependencies) = durability::scope(self.handle_all(&received)).await;
        let BatchOutcome { writes, count, parked, stopped } = taken?;
        let writes = self.handler.coalesce(writes);
        // Effects may be in another log than the position, and must be flushed before it.
        dependencies.wait().await?;
        let position = stopped.as_ref().map_or(end, |(position, _)| *position);
        if position.position > after.position {
            self.write(writes, position, turn).await?;
            self.former.prune(position.position);
            if parked > 0 {
                // Whether a subject has parked messages is read from flushed data.
                self.flushed().await?;
            }
            self.metrics.taken.inc_by(count as u64);
            self.metrics.parked.inc_by(parked as u64);
            self.observe_lag(&received, position);
        }
        match stopped {
            Some((_, reason)) => Err(PullError::Retry(reason)),
            None => Ok(count),
        }
    }

    /// Writes the effects of a batch with the position after it.
    async fn write(
        &mut self,
        mut writes: Vec<Write>,
        position: FeedPosition,
        turn: OwnedMutexGuard<()>,
    ) -> Result<(), PullError> {
        let document = self.progress(position);
        if kernel::defects::planted("position_before_effects") {
            let progress = Write::Put { collection: &INBOX, document: document.clone() };
            self.storage.documents.write(vec![progress]).await?.wait().await?;
        }
        self.flushed().await?;
        // What is said of other numbers of partitions first, and the position last: a store that applies only the first of them has
        // nothing behind its position.
        writes.splice(0..0, self.pending.drain(..));
        let documents = Arc::clone(&self.storage.documents);
        let (known, is_kept) = (self.stored, !kernel::defects::planted("inbox_dropped"));
        let mut write = pin!(async move {
            if is_kept {
                write_with(writes, document, known, &*documents).await
            } else {
                documents.write(writes).await.map(Some)
            }
        });
        // The next partition has its turn once this is on its way: an engine behind a network commits both together.
        let answer = poll!(write.as_mut());
        drop(turn);
        let answer = match answer {
            Poll::Ready(answer) => answer?,
            Poll::Pending => write.await?,
        };
        let Some(unflushed) = answer else { return Err(self.position_lost()) };
        self.unflushed = unflushed;
        self.position = Some(position);
        self.stored = Some(position);
        Ok(())
    }

    /// Reports that the store has another position than this consumer has stored there: it was emptied, or is an older copy.
    fn position_lost(&mut self) -> PullError {
        let lost = PullError::PositionLost(self.group);
        tracing::error!(group = self.group, source = E::SOURCE, %lost, "read models are lost");
        self.metrics.rereads.inc_by(1);
        self.rereading = Some(lost.to_string());
        lost
    }

    /// Begins the feed anew: its journal is not the one that the position is from, or was restored from an older copy.
    /// Messages are handled again, which every handler has to bear anyway, and none is missed.
    fn begin_anew(&mut self, reason: &str) -> usize {
        let reason =
            format!("{reason}, which {} has read: it is read again from its beginning", self.group);
        tracing::error!(group = self.group, source = E::SOURCE, reason, "a feed begins anew");
        self.metrics.rereads.inc_by(1);
        self.component.starting(reason.clone());
        self.rereading = Some(reason);
        self.pending.extend(self.former.delete(&self.key));
        self.position = Some(FeedPosition::default());
        0
    }

    /// Waits until the last batch is flushed.
    async fn flushed(&mut self) -> Result<(), PullError> {
        let flushed = std::mem::take(&mut self.unflushed).wait().await;
        if flushed.is_err() {
            // The stored position is read again.
            self.position = None;
        }
        Ok(flushed?)
    }

    async fn fetch(&self, after: FeedPosition, wait: Duration) -> Result<FeedPage<E>, CallError> {
        let wait_ms = u64::try_from(wait.as_millis()).expect("a wait is a few seconds");
        let deadline = Some(Instant::now() + wait + ANSWER_WAIT);
        let context = Context { deadline, ..Context::default() };
        context.scope(self.feed.pull(after.position, wait_ms, after.event_id)).await
    }

    /// Handles messages up to the first that has to be retried; those before it are committed.
    async fn handle_all(&mut self, received: &[Received<E>]) -> Result<BatchOutcome, PullError> {
        let mut outcome = BatchOutcome::default();
        let mut reached = self.position.expect("a batch comes after a position");
        for message in received {
            match self.handle(message, &mut outcome).await {
                Ok(()) if message.position() > reached.position => {
                    let event_id = Some(message.id());
                    reached = FeedPosition { position: message.position(), event_id };
                }
                Ok(()) => {}
                Err(PullError::Retry(reason)) => {
                    outcome.stopped = Some((reached, reason));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }

    async fn handle(
        &mut self,
        received: &Received<E>,
        outcome: &mut BatchOutcome,
    ) -> Result<(), PullError> {
        let subject = received.subject();
        if self.parking.holds(subject).await? {
            return self.park(received, "an earlier message of this subject waits", outcome);
        }
        let reason = match received {
            Received::Message(message) => match self.handler.handle(message).await {
                Ok(writes) => {
                    outcome.writes.extend(writes);
                    outcome.count += 1;
                    return Ok(());
                }
                Err(HandlerError::Retry(reason)) if self.failed(message.id) < TRIES_MAX => {
                    return Err(PullError::Retry(reason));
                }
                Err(HandlerError::Retry(reason) | HandlerError::Poison(reason)) => reason,
            },
            Received::Unreadable(_, reason) => reason.clone(),
        };
        tracing::error!(group = self.group, subject, reason, "a message is parked");
        self.park(received, &reason, outcome)
    }

    fn park(
        &mut self,
        received: &Received<E>,
        reason: &str,
        outcome: &mut BatchOutcome,
    ) -> Result<(), PullError> {
        let written = received.to_cloud_event()?;
        outcome.writes.push(self.parking.park(written, reason)?);
        outcome.parked += 1;
        Ok(())
    }

    /// Observes the lag of the messages up to a position, and notes that of the oldest.
    fn observe_lag(&mut self, received: &[Received<E>], reached: FeedPosition) {
        let (now, mut oldest) = (self.ids.now(), None);
        for message in received.iter().take_while(|it| it.position() <= reached.position) {
            if let Received::Message(message) = message {
                self.metrics.observe_lag(message.time, now);
                oldest = oldest.or(Some(message.time));
            }
        }
        if let Some(recorded_at) = oldest {
            let lag = now.duration_since(recorded_at).as_millis();
            self.note_lag(u64::try_from(lag).unwrap_or(0));
        }
    }

    /// Notes the lag in the health component, where operators see it.
    fn note_lag(&mut self, milliseconds: u64) {
        if self.noted_lag_ms.replace(milliseconds) != Some(milliseconds) {
            self.component.note(LAG_MS, milliseconds.to_string());
        }
    }

    /// Counts a failure; returns how often this message has failed in a row.
    fn failed(&mut self, id: Uuid) -> u32 {
        let before = self.failing.filter(|failing| failing.id == id).map_or(0, |it| it.tries);
        self.failing = Some(FailureCount { id, tries: before + 1 });
        before + 1
    }

    /// Document with the position.
    fn progress(&self, position: FeedPosition) -> Document {
        let body = position.to_string().into();
        let key = position_key(&self.key, self.partition);
        Document { key, body, fields: Vec::new() }
    }

    /// Reads the position to begin at.
    async fn stored_position(&mut self) -> Result<FeedPosition, StorageError> {
        let StoredPositions { own, former, entry } =
            StoredPositions::read(&self.key, self.partition, &self.storage).await?;
        self.stored = own;
        let (own, least) = (own.unwrap_or_default(), former.least());
        self.former = former;
        self.pending = entry.into_iter().collect();
        Ok(if least.position > own.position { least } else { own })
    }

    /// Leaves out what was handled in another number of partitions.
    fn without_handled(&self, mut received: Vec<Received<E>>) -> Vec<Received<E>> {
        received.retain(|it| !self.former.contain(it.subject(), it.position()));
        received
    }
}

/// Message of a feed, or what could not be decoded as one.
enum Received<E> {
    Message(Message<E>),
    Unreadable(CloudEvent, String),
}

impl<E: FeedEvent> Received<E> {
    fn position(&self) -> u64 {
        match self {
            Self::Message(message) => message.position,
            Self::Unreadable(written, _) => written.position,
        }
    }

    fn id(&self) -> Uuid {
        match self {
            Self::Message(message) => message.id,
            Self::Unreadable(written, _) => written.id,
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Message(message) => &message.subject,
            Self::Unreadable(written, _) => &written.subject,
        }
    }

    fn to_cloud_event(&self) -> Result<CloudEvent, StorageError> {
        match self {
            Self::Message(message) => message
                .to_cloud_event()
                .map_err(|error| StorageError::Corrupt(format!("a message: {error}"))),
            Self::Unreadable(written, _) => Ok(written.clone()),
        }
    }
}

/// The messages of a page after a position, each position once (deduplication).
fn received<E: FeedEvent>(page: FeedPage<E>, after: u64) -> Vec<Received<E>> {
    let unreadable = page.unreadable.into_iter();
    let mut all: Vec<_> = page
        .messages
        .into_iter()
        .map(Received::Message)
        .chain(unreadable.map(|(written, reason)| Received::Unreadable(written, reason)))
        .filter(|received| received.position() > after)
        .collect();
    // Nearly always in order already.
    if !all.is_sorted_by(|one, next| one.position() < next.position()) {
        all.sort_by_key(Received::position);
        all.dedup_by_key(|received| received.position());
    }
    all
}

impl<E> std::fmt::Debug for Consumer<E> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Consumer").field("key", &self.key).finish_non_exhaustive()
    }
}
