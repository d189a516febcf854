//! The way in: pulls a feed, works, and keeps the position it reached together with the effects.

mod guard;
mod subscription;

pub(crate) use guard::GuardedHandler;
pub use subscription::Subscription;

use crate::{Feed, FeedQuery, Message, Parked, feed::feed_path, parking::ParkingLot};
use async_trait::async_trait;
use journal::ServiceStorage;
use kernel::{Ids, Uuid};
use std::{collections::HashSet, sync::Arc, time::Duration};
use storage::{
    Collection, Commit, CommitError, Document, StorageError, StoredDocument, Write, durability,
};
use telemetry::{Component, Counter, Criticality, Health, Metrics};
use tokio::time::Instant;
use transport::{CallError, Channel, Client, Context};

/// How long one pull waits for news: less than a network transport allows for one attempt.
const PULL_WAIT: Duration = Duration::from_secs(3);
/// How long the source may take to answer once it need not wait any more.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// The first pause after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often a message may ask to be tried again before it is parked.
const TRIES_MAX: u32 = 20;

static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// What a consumer does with messages.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Takes one message in. The returned writes are committed together with the new position. A message may come
    /// again after a crash, so effects other than these writes must bear repeating. What it reads from the store may
    /// lack the writes of the messages just before: they are committed together, and a part is handled while the one
    /// before it is on its way to the disk.
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError>;

    /// Lays together what the messages of one part of a feed came to, where that is cheaper to store. What it returns
    /// is committed in place of what it was given; it must be small enough for any engine ([`Write::check`]).
    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        writes
    }
}

/// Why a message was not taken in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HandlerError {
    /// Something is missing at the moment: the same message again, a little later.
    #[error("{0}")]
    Retry(String),
    /// This message can never be taken in: it and those of the same subject wait for somebody to look at them.
    #[error("{0}")]
    Poison(String),
}

/// What a consumer is made of.
#[derive(Debug)]
pub struct ConsumerParts {
    /// Whose progress this is; unique within the consuming service.
    pub group: &'static str,
    /// The service whose feed is followed.
    pub source: &'static str,
    /// The way there.
    pub transport: Channel,
    /// Where the position and parked messages are kept.
    pub storage: ServiceStorage,
    /// Time for parked messages.
    pub ids: Ids,
    /// Where figures go.
    pub metrics: Metrics,
    /// Where it says how it is.
    pub health: Health,
}

/// Follows one feed.
///
/// One consumer at a time follows a feed for a group: whoever stores a position does not look whether somebody else
/// has stored one meanwhile.
pub struct Consumer {
    group: &'static str,
    source: &'static str,
    key: String,
    client: Client,
    storage: ServiceStorage,
    parking: ParkingLot,
    handler: GuardedHandler,
    figures: ConsumerMetrics,
    component: Component,
    position: Option<u64>,
    /// The effects and the position of the last part, perhaps still on their way to the disk: the next part is pulled and
    /// handled meanwhile, so that news does not wait for a flush that nobody else waits for.
    unflushed: Commit,
    failing: Option<FailureCount>,
}

struct ConsumerMetrics {
    taken: Counter,
    parked: Counter,
}

/// The message that has asked to be tried again, and how often.
#[derive(Clone, Copy)]
struct FailureCount {
    id: Uuid,
    tries: u32,
}

/// What stopped a pull.
#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("an effect was lost: {0}")]
    CommitError(#[from] CommitError),
    #[error("{0}")]
    Retry(String),
}

/// What a part of a feed came to.
#[derive(Default)]
struct BatchOutcome {
    writes: Vec<Write>,
    count: usize,
    parked: usize,
    /// Where the part stopped early, and why.
    stopped: Option<(u64, String)>,
}

impl Consumer {
    /// A consumer that hands what it pulls to `handler`.
    pub fn new(parts: ConsumerParts, handler: Arc<dyn Handler>) -> Self {
        let labels = [("group", parts.group), ("source", parts.source)];
        let key = key(parts.group, parts.source);
        let component = parts.health.component(format!("feed {key}"), Criticality::Optional);
        component.up();
        let counter = |name, help| parts.metrics.counter(name, help, &labels);
        Self {
            group: parts.group,
            source: parts.source,
            client: Client::new(parts.source, parts.transport),
            parking: ParkingLot::new(parts.group, key.clone(), parts.storage.clone(), parts.ids),
            figures: ConsumerMetrics {
                taken: counter("messages_taken", "Messages taken in from feeds"),
                parked: counter("messages_parked", "Messages that could not be taken in"),
            },
            storage: parts.storage,
            key,
            handler: GuardedHandler::new(handler),
            component,
            position: None,
            unflushed: Commit::durable(),
            failing: None,
        }
    }

    /// Follows the feed for ever.
    pub async fn run(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            match self.pull(PULL_WAIT).await {
                Ok(_) => {
                    pause = PAUSE_MIN;
                    self.component.up();
                }
                Err(error) => {
                    tracing::warn!(group = self.group, source = self.source, %error, "a feed stands still");
                    self.component.down(error.to_string());
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Pulls once, without waiting for news. Returns how many messages were taken in.
    pub async fn step(&mut self) -> Result<usize, StorageError> {
        let pulled = match self.pull(Duration::ZERO).await {
            Ok(count) => self.flushed().await.map(|()| count),
            Err(error) => Err(error),
        };
        pulled.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// The messages that are parked, for tests.
    pub async fn parked(&self) -> Result<Vec<Parked>, StorageError> {
        self.parking.all().await
    }

    async fn pull(&mut self, wait: Duration) -> Result<usize, PullError> {
        let pulled = self.pull_part(wait).await;
        if pulled.is_err() {
            let flushed = self.flushed().await;
            // What was decided and not stored did not happen; it is decided anew from what is stored.
            self.parking.forget();
            flushed?;
        }
        pulled
    }

    async fn pull_part(&mut self, wait: Duration) -> Result<usize, PullError> {
        let after = match self.position {
            Some(position) => position,
            None => self.stored_position().await?,
        };
        let feed = self.fetch(after, wait).await?;
        self.parking.replay(&self.handler).await?;
        self.position = Some(after);
        if feed.position <= after {
            return Ok(0);
        }
        let news = news(feed.messages, after);
        let (taken, touched) = durability::scope(self.take_all(&news)).await;
        let BatchOutcome { writes, count, parked, stopped } = taken?;
        let mut writes = self.handler.coalesce(writes);
        // Effects may lie in another log than the position, and must not be lost behind it.
        touched.wait().await?;
        let position = stopped.as_ref().map_or(feed.position, |(position, _)| *position);
        if position > after {
            if kernel::defects::planted("position_before_effects") {
                let progress = vec![self.progress(position)];
                self.storage.documents.write(progress).await?.wait().await?;
            }
            if !kernel::defects::planted("inbox_dropped") {
                writes.push(self.progress(position));
            }
            self.flushed().await?;
            self.unflushed = self.storage.documents.write(writes).await?;
            self.position = Some(position);
            if parked > 0 {
                // Whether a message of a subject waits is read from what is flushed.
                self.flushed().await?;
            }
            self.figures.taken.inc_by(count as u64);
            self.figures.parked.inc_by(parked as u64);
        }
        match stopped {
            Some((_, reason)) => Err(PullError::Retry(reason)),
            None => Ok(count),
        }
    }

    /// Waits until all effects are on the disk.
    async fn flushed(&mut self) -> Result<(), PullError> {
        let flushed = std::mem::take(&mut self.unflushed).wait().await;
        if flushed.is_err() {
            // What is stored says from where to go on.
            self.position = None;
        }
        Ok(flushed?)
    }

    async fn fetch(&self, after: u64, wait: Duration) -> Result<Feed, CallError> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let query = FeedQuery { after, wait_ms };
        let call = self.client.get(feed_path(self.source)).query(&query).send();
        let deadline = Some(Instant::now() + wait + ANSWER_WAIT);
        Context { deadline, ..Context::default() }.scope(call).await
    }

    /// Takes messages in until one asks to be tried again: those before it are not held up by it.
    async fn take_all(&mut self, messages: &[Message]) -> Result<BatchOutcome, PullError> {
        let mut taken = BatchOutcome::default();
        let mut reached = self.position.unwrap_or_default();
        for message in messages {
            match self.take(message, &mut taken).await {
                Ok(()) => reached = reached.max(message.position),
                Err(PullError::Retry(reason)) => {
                    taken.stopped = Some((reached, reason));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    async fn take(&mut self, message: &Message, taken: &mut BatchOutcome) -> Result<(), PullError> {
        if self.parking.holds(&message.subject).await? {
            let reason = "an earlier message of this subject waits";
            taken.writes.push(self.parking.park(message, reason)?);
            taken.parked += 1;
            return Ok(());
        }
        let reason = match self.handler.handle(message).await {
            Ok(writes) => {
                taken.writes.extend(writes);
                taken.count += 1;
                return Ok(());
            }
            Err(HandlerError::Retry(reason)) if self.failed(message.id) < TRIES_MAX => {
                return Err(PullError::Retry(reason));
            }
            Err(HandlerError::Retry(reason) | HandlerError::Poison(reason)) => reason,
        };
        tracing::error!(
            group = self.group,
            subject = message.subject,
            reason,
            "a message is parked"
        );
        taken.writes.push(self.parking.park(message, &reason)?);
        taken.parked += 1;
        Ok(())
    }

    /// Counts a failure; returns how often this message has failed in a row.
    fn failed(&mut self, id: Uuid) -> u32 {
        let before = self.failing.filter(|failing| failing.id == id).map_or(0, |it| it.tries);
        self.failing = Some(FailureCount { id, tries: before + 1 });
        before + 1
    }

    fn progress(&self, position: u64) -> Write {
        let body = position.to_string().into();
        let document = Document { key: self.key.clone(), body, fields: Vec::new() };
        Write::Put { collection: &INBOX, document }
    }

    async fn stored_position(&self) -> Result<u64, StorageError> {
        let stored = self.storage.documents.find(&INBOX, &self.key).await?;
        stored.map_or(Ok(0), |stored| position_of(&stored))
    }
}

/// Whose progress a position is.
fn key(group: &str, source: &str) -> String {
    format!("{group}.{source}")
}

fn position_of(stored: &StoredDocument) -> Result<u64, StorageError> {
    let text = String::from_utf8_lossy(&stored.body);
    text.parse()
        .map_err(|_| StorageError::Corrupt(format!("position of {} is {text:?}", stored.key)))
}

/// The messages that are really new. A source that repeats itself does no harm.
fn news(messages: Vec<Message>, after: u64) -> Vec<Message> {
    let mut seen = HashSet::new();
    messages
        .into_iter()
        .filter(|message| message.position > after && seen.insert(message.position))
        .collect()
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Consumer").field("key", &self.key).finish_non_exhaustive()
    }
}
