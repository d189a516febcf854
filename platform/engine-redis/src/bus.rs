//! Message bus on Redis Streams: one stream for each partition.
//!
//! **Leases.** A partition of a group belongs to the member that has its lease, a key with an expiry that the member renews. The members
//! of a group know each other by a set of those who were there lately, and each takes its share of the partitions.
//!
//! **Stuck entries.** Whoever gets a lease claims what the group has not acknowledged (`XAUTOCLAIM`), whoever read it; and again from time
//! to time, for what a member read that did not know yet that its lease is over.
//!
//! **Trimming.** A stream keeps about [`BUS_STREAM_MESSAGES_MAX`] messages, whether or not every group has read them: who is behind reads
//! the feed. So does everyone after a flush.
//!
//! **Cluster.** The keys of a topic have one tag, so that a batch is one pipeline; the topics are spread over the nodes.

mod assignment;
mod entry;
mod keys;
mod member;
mod reader;

use crate::{RedisOptions, ServerError, call::RedisCall, link::Link};
use async_trait::async_trait;
use keys::TopicKeys;
use member::RedisMember;
use messaging::bus::{Bus, BusError, BusMessage, GroupMember, Topic};
use redis::Pipeline;
use std::{sync::Arc, time::Duration};
use storage::StorageError;

/// Messages that the stream of a partition keeps, about.
pub const BUS_STREAM_MESSAGES_MAX: usize = 100_000;
/// Messages that are sent at once.
const PUBLISHED_MAX: usize = 512;
/// How long the broker may take to confirm them.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);

/// Bus on Redis Streams. Clones share its connection.
#[derive(Clone, Debug)]
pub struct RedisBus {
    link: Arc<Link>,
    stream_messages_max: usize,
}

impl RedisBus {
    /// Connects, and checks that the server can be used.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: no server answers, it refuses the credentials, or it is too old.
    pub async fn open(options: RedisOptions) -> Result<Self, ServerError> {
        let options =
            RedisOptions { operation_timeout: CONFIRMED_WITHIN, rest: Duration::ZERO, ..options };
        let link = Arc::new(Link::open(options).await?);
        Ok(Self { link, stream_messages_max: BUS_STREAM_MESSAGES_MAX })
    }

    /// The same bus with streams that keep about so many messages.
    #[must_use]
    pub fn with_stream_messages_max(self, stream_messages_max: usize) -> Self {
        Self { stream_messages_max, ..self }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        let keys = TopicKeys::new(topic);
        for batch in messages.chunks(PUBLISHED_MAX) {
            let mut pipeline = Pipeline::with_capacity(batch.len());
            for message in batch {
                let mut command = redis::cmd("XADD");
                command.arg(keys.stream(message.partition));
                command.arg("MAXLEN").arg("~").arg(self.stream_messages_max).arg("*");
                entry::write(message, &mut command);
                pipeline.add_command(command);
            }
            self.link.run(RedisCall::pipeline(pipeline)).await.map_err(unavailable)?;
        }
        Ok(())
    }

    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError> {
        let member = RedisMember::join(Arc::clone(&self.link), group, topic).await?;
        Ok(Box::new(member))
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.link.ping().await.map_err(unavailable)
    }
}

fn unavailable(error: StorageError) -> BusError {
    match error {
        StorageError::Unavailable(reason) => BusError::Unavailable(reason),
        error => BusError::Unavailable(error.to_string()),
    }
}
