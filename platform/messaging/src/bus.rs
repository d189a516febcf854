//! Message bus port: an external broker between a source's feed and its consumers, and what both ends need for it.
//!
//! The feed stays the source. A [`Relay`] publishes it, a [`GroupConsumer`] receives it, and the position in the journal is the
//! identity of a message on the bus too: no offset or tag of a broker decides anything. Each message names the position of the
//! one before it in its partition, so a consumer sees that something is missing (trimmed, flushed, never published) and reads it
//! from the feed. A broker can therefore delay messages, repeat them and lose them; it cannot have an effect left out or doubled.

pub mod conformance;
mod group_consumer;
mod memory;
mod metrics;
mod partition;
mod partition_feed;
mod relay;

pub use group_consumer::GroupConsumer;
pub use memory::MemoryBus;
pub use partition::{PARTITIONS_MAX, Partition};
pub use relay::{Relay, RelayParts};

use async_trait::async_trait;
use bytes::Bytes;
use kernel::Uuid;
use std::{fmt, sync::Arc};
use tokio::sync::watch;

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
}

/// Bus with the number of partitions that the topics of a shop have on it.
#[derive(Clone, Debug)]
pub struct PartitionedBus {
    /// Engine of the bus.
    pub engine: Arc<dyn Bus>,
    /// Number of partitions of each topic, from 1 to [`PARTITIONS_MAX`].
    pub partitions: u32,
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
    /// # Errors
    ///
    /// [`BusError::Revoked`], and [`BusError::Unavailable`] while the broker cannot be reached; it may be called again.
    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError>;

    /// Acknowledges the received messages up to this position, so that they need not be delivered again. It returns at once;
    /// an acknowledgement that is lost means repeats.
    fn acknowledge(&mut self, position: u64);
}

/// Topic of a source: its messages in so many partitions. Another number of partitions is another topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Service that publishes.
    pub source: &'static str,
    /// Number of partitions.
    pub partitions: u32,
}

impl fmt::Display for Topic {
    /// Formats the name by which brokers know it, as `meter-service.8`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.source, self.partitions)
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
