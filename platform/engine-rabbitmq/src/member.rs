//! Member of a group: the task that is counted as one, and consumes its share of the queues.

use crate::{
    assignment::{self, RabbitAssignment},
    broker::{RabbitBroker, declare_exchange},
    error::unavailable,
    names, reader,
};
use async_trait::async_trait;
use lapin::{
    Channel, Consumer, Error,
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use messaging::bus::{Assignment, BusError, GroupMember, Topic};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

/// Pause between two looks at the group. Each that the broker does not answer doubles it.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long the broker may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// Pause between two declarations of the bindings: an exchange that somebody deleted and a relay declared again has none, and no answer of
/// the broker tells that.
const BINDINGS_PAUSE: Duration = Duration::from_secs(5);

/// Who consumes what.
#[derive(Debug)]
pub(crate) struct RabbitMembership {
    pub(crate) broker: Arc<RabbitBroker>,
    topic: Topic,
    group: String,
}

/// Member of a group.
#[derive(Debug)]
pub(crate) struct RabbitMember {
    assigned: mpsc::Receiver<RabbitAssignment>,
}

/// What the task of a member knows.
struct RabbitMemberTask {
    membership: Arc<RabbitMembership>,
    assigned: mpsc::Sender<RabbitAssignment>,
    /// Partitions that this member has, with their revocation.
    held: BTreeMap<u32, Arc<watch::Sender<bool>>>,
    /// Partitions whose consumer has ended.
    ended: (mpsc::Sender<u32>, mpsc::Receiver<u32>),
    /// By which the broker counts this member.
    presence: Option<(Channel, Consumer)>,
    /// When the bindings were declared.
    bound: Instant,
}

impl RabbitMember {
    pub(crate) async fn join(
        broker: Arc<RabbitBroker>,
        group: &str,
        topic: Topic,
    ) -> Result<Self, BusError> {
        let membership = Arc::new(RabbitMembership::new(broker, group, topic));
        // From now on the queues take what is published.
        let presence = Some(membership.be_present().await?);
        let capacity = topic.partitions as usize;
        let (sender, assigned) = mpsc::channel(capacity);
        let (held, ended) = (BTreeMap::new(), mpsc::channel(capacity));
        let bound = Instant::now();
        let task = RabbitMemberTask { membership, assigned: sender, held, ended, presence, bound };
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with the member and its partitions"
        )]
        tokio::spawn(task.run());
        Ok(Self { assigned })
    }
}

#[async_trait]
impl GroupMember for RabbitMember {
    async fn assigned(&mut self) -> Result<Box<dyn Assignment>, BusError> {
        match self.assigned.recv().await {
            Some(assignment) => Ok(Box::new(assignment)),
            None => Err(BusError::Unavailable("the member has ended".to_owned())),
        }
    }
}

impl RabbitMembership {
    pub(crate) fn new(broker: Arc<RabbitBroker>, group: &str, topic: Topic) -> Self {
        Self { broker, topic, group: group.to_owned() }
    }

    /// Declares the queues of all partitions.
    pub(crate) async fn declare_all(&self) -> Result<(), BusError> {
        let channel = self.broker.consuming_channel().await?;
        self.declare_all_on(&channel).await
    }

    async fn declare_all_on(&self, channel: &Channel) -> Result<(), BusError> {
        let declared = async {
            declare_exchange(channel, self.topic).await?;
            for partition in 0..self.topic.partitions {
                self.declare(channel, partition).await?;
            }
            Ok::<_, Error>(())
        };
        match timeout(ANSWERED_WITHIN * self.topic.partitions.max(1), declared).await {
            Ok(declared) => declared.map_err(|error| unavailable(&self.broker.server, error)),
            Err(_) => Err(unavailable(&self.broker.server, "it does not answer in time")),
        }
    }

    pub(crate) fn queue(&self, partition: u32) -> ShortString {
        names::queue(self.topic, &self.group, partition)
    }

    /// Declares the queue of a partition, and that it takes the partition's messages; how many consume it.
    pub(crate) async fn declare(&self, channel: &Channel, partition: u32) -> Result<u32, Error> {
        let queue = self.queue(partition);
        let options = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(queue.clone(), options, names::queue_arguments());
        let declared = declared.await?;
        self.bind(channel, partition).await?;
        Ok(declared.consumer_count())
    }

    /// Declares that the queue of a partition takes the partition's messages.
    async fn bind(&self, channel: &Channel, partition: u32) -> Result<(), Error> {
        let (exchange, key) = (names::exchange(self.topic), names::routing_key(partition));
        let (queue, options) = (self.queue(partition), QueueBindOptions::default());
        channel.queue_bind(queue, exchange, key, options, FieldTable::default()).await
    }

    /// Declares the exchange, and the bindings of these partitions.
    async fn bind_all(
        &self,
        channel: &Channel,
        partitions: impl Iterator<Item = u32>,
    ) -> Result<(), String> {
        let bound = async {
            declare_exchange(channel, self.topic).await?;
            for partition in partitions {
                self.bind(channel, partition).await?;
            }
            Ok::<_, Error>(())
        };
        match timeout(ANSWERED_WITHIN * self.topic.partitions.max(1), bound).await {
            Ok(bound) => bound.map_err(|error| error.to_string()),
            Err(_) => Err("it does not answer in time".to_owned()),
        }
    }

    /// Declares everything, and becomes one of the consumers that are counted as members.
    async fn be_present(&self) -> Result<(Channel, Consumer), BusError> {
        let channel = self.broker.consuming_channel().await?;
        self.declare_all_on(&channel).await?;
        let present = async {
            let members = names::members(self.topic, &self.group);
            let (options, arguments) = (QueueDeclareOptions::durable(), names::members_arguments());
            channel.queue_declare(members.clone(), options, arguments).await?;
            let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
            channel.basic_consume(members, "".into(), options, FieldTable::default()).await
        };
        match timeout(ANSWERED_WITHIN, present).await {
            Ok(Ok(consumer)) => Ok((channel, consumer)),
            Ok(Err(error)) => Err(unavailable(&self.broker.server, error)),
            Err(_) => Err(unavailable(&self.broker.server, "it does not answer in time")),
        }
    }

    /// How many partitions a member may have, so that everyone has some.
    async fn share(&self, channel: &Channel) -> Result<usize, String> {
        let members = names::members(self.topic, &self.group);
        let options = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(members, options, names::members_arguments());
        let count = match timeout(ANSWERED_WITHIN, declared).await {
            Ok(declared) => declared.map_err(|error| error.to_string())?.consumer_count(),
            Err(_) => return Err("it does not answer in time".to_owned()),
        };
        Ok(self.topic.partitions.div_ceil(count.max(1)) as usize)
    }
}

impl RabbitMemberTask {
    async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            let is_member = !self.assigned.is_closed();
            if is_member {
                pause = match self.look().await {
                    Ok(()) => PAUSE,
                    Err(reason) => {
                        tracing::debug!(reason, "a consumer group of the bus is not seen for now");
                        self.presence = None;
                        (pause * 2).min(PAUSE_MAX)
                    }
                };
            } else {
                if let Some((channel, _)) = self.presence.take() {
                    let _ = timeout(ANSWERED_WITHIN, channel.close(200, "OK".into())).await;
                }
                for revoked in self.held.values() {
                    revoked.send_replace(true);
                }
                if self.held.is_empty() {
                    return;
                }
            }
            let member = self.assigned.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = member.closed(), if is_member => {}
                Some(partition) = self.ended.1.recv() => drop(self.held.remove(&partition)),
            }
        }
    }

    /// Gives up what is beyond the member's share, and takes what nobody consumes.
    async fn look(&mut self) -> Result<(), String> {
        if self.presence.is_none() {
            let present = self.membership.be_present().await;
            self.presence = Some(present.map_err(|error| error.to_string())?);
        }
        let Some((channel, _)) = &self.presence else { return Ok(()) };
        if self.bound.elapsed() >= BINDINGS_PAUSE {
            // Of those that others have, they do it.
            self.membership.bind_all(channel, self.held.keys().copied()).await?;
            self.bound = Instant::now();
        }
        let share = self.membership.share(channel).await?;
        let kept = self.held.values().filter(|revoked| !*revoked.borrow());
        for revoked in kept.skip(share) {
            revoked.send_replace(true);
        }
        for partition in 0..self.membership.topic.partitions {
            if self.held.len() >= share || self.assigned.is_closed() {
                break;
            }
            if !self.held.contains_key(&partition) && self.is_free(partition).await? {
                self.take(partition).await?;
            }
        }
        Ok(())
    }

    async fn is_free(&self, partition: u32) -> Result<bool, String> {
        let Some((channel, _)) = &self.presence else { return Ok(false) };
        let declared = self.membership.declare(channel, partition);
        match timeout(ANSWERED_WITHIN, declared).await {
            Ok(consumers) => Ok(consumers.map_err(|error| error.to_string())? == 0),
            Err(_) => Err("it does not answer in time".to_owned()),
        }
    }

    async fn take(&mut self, partition: u32) -> Result<(), String> {
        let consumer = reader::consume(&self.membership, partition).await;
        let Some(consumer) = consumer.map_err(|error| error.to_string())? else { return Ok(()) };
        let revoked = Arc::new(watch::Sender::new(false));
        self.held.insert(partition, Arc::clone(&revoked));
        let (membership, ended) = (Arc::clone(&self.membership), self.ended.0.clone());
        let begun = assignment::begin(membership, partition, consumer, revoked, ended);
        // Where nobody takes it, it ends at once.
        drop(self.assigned.try_send(begun));
        Ok(())
    }
}
