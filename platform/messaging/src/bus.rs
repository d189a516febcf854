//! Message bus port: an external broker between a source's feed and its consumers, and what both ends need for it.
//!
//! The feed stays the source. A [`Relay`] publishes it, a [`GroupConsumer`] receives it, and the position in the journal is the
//! identity of a message on the bus too: no offset or tag of a broker decides anything. Each message names the position of the
//! one before it in its partition, so a consumer sees that something is missing (trimmed, flushed, never published) and reads it
//! from the feed. A broker can therefore delay messages, repeat them and lose them; it cannot have an effect left out or doubled.
//!
//! Nor can whoever else may write to it. Each message carries a proof by the key of the shop ([`BusKey`]); one without it is not
//! believed, whatever it says, and the consumer looks at the feed.

pub mod conformance;
mod connection;
mod group_consumer;
mod key;
mod memory;
mod metrics;
mod partition;
mod partition_feed;
mod receiver;
mod relay;

pub use connection::BusConnection;
pub use group_consumer::GroupConsumer;
pub use key::{BusKey, Proof, ShopName};
pub use memory::MemoryBus;
pub use partition::{PARTITIONS_MAX, Partition};
pub use relay::{Relay, RelayParts};

use async_trait::async_trait;
use bytes::Bytes;
use kernel::Uuid;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// Message bus: a broker with a fixed number of partitions for each source. The suite that every engine passes is
/// [`bus_conformance!`](crate::bus_conformance).
///
/// Connections are the engine's own affair: it reconnects by itself, and its futures may be dropped at any point.
#[async_trait]
pub trait Bus: fmt::Debug + Send + Sync + 'static {
    /// Publishes messages in this order and returns when the broker has all of them where a restart does not lose them.
    /// What the broker needs first, such as a topic, is created.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`] where that is not certain after some seconds. The messages may be published all the same, so the
    /// caller publishes all of them again, and a partition then has some of them twice.
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError>;

    /// Joins a consumer group of the topic. Its members share the partitions, each partition having one member at a time.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`]
    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError>;

    /// Asks the broker whether it is there, as a health check does. The caller bounds the time.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`]
    async fn ping(&self) -> Result<(), BusError>;
}

/// How long a broker may take to answer a ping.
const PING_ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// Bus with the number of partitions that the topics of a shop have on it. Clones share one view of the connection.
#[derive(Clone, Debug)]
pub struct PartitionedBus {
    /// Engine of the bus.
    pub engine: Arc<dyn Bus>,
    /// Number of partitions of each topic, from 1 to [`PARTITIONS_MAX`].
    pub partitions: u32,
    /// Key of the shop: its name on the broker, and the proofs of its messages.
    pub key: BusKey,
    connection: BusConnection,
}

impl PartitionedBus {
    /// The bus with so many partitions, from 1 to [`PARTITIONS_MAX`], for the shop with this key.
    pub fn new(engine: Arc<dyn Bus>, partitions: u32, key: BusKey) -> Self {
        Self { engine, partitions, key, connection: BusConnection::default() }
    }

    /// Topic of a source on this bus.
    #[must_use]
    pub fn topic(&self, source: &'static str) -> Topic {
        Topic { shop: self.key.shop(), source, partitions: self.partitions }
    }

    /// Asks the broker whether it is there. What it answers, or that it does not within 3 seconds, is seen in the health of all
    /// that has this bus or a clone of it.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`]
    pub async fn ping(&self) -> Result<(), BusError> {
        let answer = timeout(PING_ANSWERED_WITHIN, self.engine.ping()).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(BusError::Unavailable("the broker does not answer in time".to_owned()))
        });
        self.connection.note(&answer);
        answer
    }
}

/// Member of a consumer group. Dropping it revokes its partitions; it has left when their [`Assignment`]s are dropped too.
#[async_trait]
pub trait GroupMember: fmt::Debug + Send {
    /// The next partition that is this member's from now on; waits for one. Cancel-safe.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`] if the member has to join again.
    async fn assigned(&mut self) -> Result<Box<dyn Assignment>, BusError>;
}

/// Partition of a topic that belongs to one member of a group, until it is dropped (drained handover): a partition that is
/// revoked goes to the next member when its consumer has ended and this is dropped, or after a limit of the engine.
#[async_trait]
pub trait Assignment: fmt::Debug + Send + Sync {
    /// Number of the partition.
    fn partition(&self) -> u32;

    /// Whether the partition is to be given up. A sender that is gone says so too.
    fn revoked(&self) -> watch::Receiver<bool>;

    /// Receives the next messages, at least one and at most `limit`; waits for one. The first are those that the group has not
    /// acknowledged, as far as the broker still has them. Cancel-safe: what was not returned comes with the next call.
    ///
    /// What lies in the partition and cannot be read comes as [`BusMessage::foreign`], so that it is counted and acknowledged
    /// as the others are.
    ///
    /// # Errors
    ///
    /// [`BusError::Revoked`], and [`BusError::Unavailable`] while the broker cannot be reached; it may be called again.
    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError>;

    /// Acknowledges the first `count` of all messages that this assignment has returned, so that they need not be delivered
    /// again. A count and not a position: somebody else may have written any position. It returns at once; an acknowledgement that
    /// is lost means repeats.
    fn acknowledge(&mut self, count: u64);
}

/// Topic of a source: its messages in so many partitions. Another number of partitions is another topic, and so is another shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Shop that publishes: several may use one broker.
    pub shop: ShopName,
    /// Service that publishes.
    pub source: &'static str,
    /// Number of partitions.
    pub partitions: u32,
}

impl fmt::Display for Topic {
    /// Formats the name by which brokers know it, as `0f1e2d3c4b5a6978.meter-service.8`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.shop, self.source, self.partitions)
    }
}

/// Message on the bus. An engine carries all of it and looks into none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusMessage {
    /// Number of the partition; that of the subject.
    pub partition: u32,
    /// Position in the source's feed.
    pub position: u64,
    /// Position of the message before it in the partition: in between the feed has nothing for this partition.
    pub previous: u64,
    /// Identity of the journal's event at the position.
    pub id: Uuid,
    /// Run of the relay that published it: another one each time that the source is started, perhaps on a restored journal.
    pub run: Uuid,
    /// Content; `None` in a mark, which only says that the partition has nothing up to its position.
    pub event: Option<BusEvent>,
    /// Proof that the message is of the shop whose topic it lies in; see [`BusKey::proves`].
    pub proof: Option<Proof>,
}

impl BusMessage {
    /// What lies in a partition and is no message of a shop: it says and proves nothing.
    #[must_use]
    pub fn foreign(partition: u32) -> Self {
        let (id, run) = (Uuid::nil(), Uuid::nil());
        Self { partition, position: 0, previous: 0, id, run, event: None, proof: None }
    }
}

/// Content of a message on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// Subject: messages of one subject keep their order. For brokers that show a key.
    pub subject: String,
    /// The event in the JSON format of `CloudEvents` (structured mode, media type [`CLOUD_EVENT_TYPE`]).
    pub cloud_event: Bytes,
    /// Header `traceparent` (W3C Trace Context): the trace of the event.
    pub traceparent: String,
}

/// Media type of a message's content.
pub const CLOUD_EVENT_TYPE: &str = "application/cloudevents+json";

/// Error of a bus.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BusError {
    /// The broker cannot be reached, or did not confirm in time.
    #[error("{0}")]
    Unavailable(String),
    /// The partition is to be given up.
    #[error("the partition is revoked")]
    Revoked,
}
