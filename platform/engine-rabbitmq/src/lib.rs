//! Message bus on RabbitMQ: a direct exchange for each topic, and a durable quorum queue for each group and partition.
//!
//! **Routing.** The routing key of a message is the number of its partition, which is that of the subject in every engine. The
//! consistent-hash exchange would choose by a hash of its own, and is a plugin.
//!
//! **Confirms.** A batch is published when the broker has confirmed each message: every queue has it on disk, on a majority of its
//! nodes.
//!
//! **One consumer.** A member consumes a queue exclusively: the broker refuses a second consumer, so a member knows which partitions it
//! has. With a single active consumer it would not: who waits hears nothing until the first message. How many members a group has, the
//! broker says too: each consumes a queue in which there never is anything.
//!
//! **Groups.** A queue is there from when a member joins for the first time, and takes what is published from then on; what was before is
//! in the feed. So is what a queue dropped that was longer than [`QUEUE_MESSAGES_MAX`].

#![warn(missing_docs)]

mod assignment;
mod broker;
mod error;
mod member;
mod message;
mod names;
mod options;
mod reader;

pub use error::BrokerError;
pub use names::{QUEUE_EXPIRES, QUEUE_MESSAGES_MAX};
pub use options::{RabbitOptions, RabbitUrlError};

use async_trait::async_trait;
use broker::RabbitBroker;
use member::{RabbitMember, RabbitMembership};
use messaging::bus::{Bus, BusError, BusMessage, GroupMember, Topic};
use std::sync::Arc;

/// Bus on RabbitMQ. Clones share its connections.
#[derive(Clone, Debug)]
pub struct RabbitBus {
    broker: Arc<RabbitBroker>,
}

impl RabbitBus {
    /// Connects, and checks that the broker can be used.
    ///
    /// # Errors
    ///
    /// [`BrokerError`]: no broker answers, or it refuses the credentials or the virtual host.
    pub async fn open(options: RabbitOptions) -> Result<Self, BrokerError> {
        Ok(Self { broker: Arc::new(RabbitBroker::open(options).await?) })
    }

    /// Declares the queues of a group that has no member yet, so that they take what is published from now on.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`]
    pub async fn declare_group(&self, group: &str, topic: Topic) -> Result<(), BusError> {
        RabbitMembership::new(Arc::clone(&self.broker), group, topic).declare_all().await
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        self.broker.publish(topic, messages).await
    }

    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError> {
        Ok(Box::new(RabbitMember::join(Arc::clone(&self.broker), group, topic).await?))
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.broker.ping().await
    }
}
