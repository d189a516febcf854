//! Member of a consumer group: a consumer of the library, polled by a thread of its own.
//!
//! A rebalance runs in that thread. It waits there until the consumers of the revoked partitions have ended, and commits what
//! they have acknowledged, before the group goes on.

use crate::{
    assignment::{KafkaAssignment, SharedPartition},
    bus::{Instances, unavailable},
    client::ClientLog,
    options::KafkaOptions,
    wire,
};
use async_trait::async_trait;
use messaging::bus::{Assignment, BusError, GroupMember};
use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Message as _, Offset, TopicPartitionList,
    config::{FromClientConfigAndContext, RDKafkaLogLevel},
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance},
    error::KafkaError,
    message::BorrowedMessage,
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::sync::mpsc;

/// How long a poll waits for a message; the interval at which acknowledgements are taken up.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// Memory for fetched messages of a member, in KiB.
const FETCHED_KIB_MAX: &str = "16384";
/// Messages of a partition that are fetched ahead.
const FETCHED_AHEAD: &str = "1000";
/// Time between the heartbeats of a member: a third of the session, as is usual.
const HEARTBEATS_PER_SESSION: u32 = 3;

/// Member of a consumer group.
#[derive(Debug)]
pub(crate) struct KafkaMember {
    assigned: mpsc::UnboundedReceiver<KafkaAssignment>,
    stop: Arc<AtomicBool>,
}

impl KafkaMember {
    pub(crate) fn join(
        options: &KafkaOptions,
        group: &str,
        topic: &str,
        instances: &Arc<Instances>,
    ) -> Result<Self, BusError> {
        let (sender, assigned) = mpsc::unbounded_channel();
        let context = MemberContext {
            topic: topic.to_owned(),
            drain_timeout: options.drain_timeout,
            slots: Mutex::default(),
            assigned: sender,
            log: ClientLog::default(),
        };
        let session = options.session_timeout;
        let mut config = options.client();
        config.set("group.id", group);
        config.set("session.timeout.ms", session.as_millis().to_string());
        let heartbeat = session / HEARTBEATS_PER_SESSION;
        config.set("heartbeat.interval.ms", heartbeat.as_millis().to_string());
        // Of a rebalance, only the partitions that move stop.
        config.set("partition.assignment.strategy", "cooperative-sticky");
        config.set("auto.offset.reset", "earliest");
        config.set("enable.auto.offset.store", "false");
        config.set("auto.commit.interval.ms", "1000");
        config.set("queued.max.messages.kbytes", FETCHED_KIB_MAX);
        config.set("queued.min.messages", FETCHED_AHEAD);
        let number = instances.take(group);
        if let Some(instance) = &options.instance {
            config.set("group.instance.id", format!("{instance}-{number}"));
        }
        let release = Release { instances: Arc::clone(instances), group: group.to_owned(), number };
        let consumer = BaseConsumer::from_config_and_context(&config, context)
            .map_err(|error| unavailable(&error))?;
        consumer.subscribe(&[topic]).map_err(|error| unavailable(&error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let name = "kafka-member".to_owned();
        let thread = thread::Builder::new().name(name).spawn(move || {
            poll(&consumer, &stopped);
            // Leaving revokes what is left, in the callbacks of the consumer.
            drop(consumer);
            drop(release);
        });
        thread.map_err(|error| BusError::Unavailable(error.to_string()))?;
        Ok(Self { assigned, stop })
    }
}

/// Releases the number of a member when its consumer is closed.
struct Release {
    instances: Arc<Instances>,
    group: String,
    number: u32,
}

impl Drop for Release {
    fn drop(&mut self) {
        self.instances.release(&self.group, self.number);
    }
}

#[async_trait]
impl GroupMember for KafkaMember {
    async fn assigned(&mut self) -> Result<Box<dyn Assignment>, BusError> {
        let assignment = self.assigned.recv().await;
        let assignment = assignment
            .ok_or_else(|| BusError::Unavailable("the Kafka consumer has ended".to_owned()))?;
        Ok(Box::new(assignment))
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// Polls until the member is dropped, or its consumer cannot go on.
fn poll(consumer: &BaseConsumer<MemberContext>, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        match consumer.poll(POLL_WAIT) {
            Some(Ok(record)) => consumer.context().take(consumer, &record),
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                tracing::warn!(%error, "a Kafka consumer ends");
                break;
            }
            Some(Err(error)) => tracing::debug!(%error, "kafka consumer"),
            None => {}
        }
        consumer.context().maintain(consumer);
    }
    consumer.context().give_up_all(consumer);
}

/// State of a member, and its callbacks.
struct MemberContext {
    topic: String,
    drain_timeout: Duration,
    slots: Mutex<HashMap<i32, Arc<SharedPartition>>>,
    assigned: mpsc::UnboundedSender<KafkaAssignment>,
    log: ClientLog,
}

impl MemberContext {
    fn take(&self, consumer: &BaseConsumer<Self>, record: &BorrowedMessage<'_>) {
        let slots = self.slots.lock();
        let Some(slot) = slots.get(&record.partition()) else { return };
        let Some(message) = wire::read(record) else {
            let (partition, offset) = (record.partition(), record.offset());
            tracing::warn!(topic = self.topic, partition, offset, "a foreign message is skipped");
            return;
        };
        if slot.push(record.offset(), message)
            && let Err(error) = consumer.pause(&self.list([(slot.partition, Offset::Invalid)]))
        {
            tracing::warn!(%error, "a Kafka partition cannot be paused");
        }
    }

    /// Goes on with what was paused, and takes up acknowledgements, which the library commits once a second.
    fn maintain(&self, consumer: &BaseConsumer<Self>) {
        for slot in self.slots.lock().values() {
            if slot.resumes()
                && let Err(error) = consumer.resume(&self.list([(slot.partition, Offset::Invalid)]))
            {
                tracing::warn!(%error, "a Kafka partition cannot be resumed");
            }
            if let Some(offset) = slot.acknowledged()
                && let Err(error) =
                    consumer.store_offsets(&self.list([(slot.partition, Offset::Offset(offset))]))
            {
                tracing::debug!(%error, "an offset is not stored");
            }
        }
    }

    /// Waits until the consumers of these partitions have ended, and commits what they have acknowledged.
    fn give_up(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) {
        let given_up: Vec<_> = {
            let mut slots = self.slots.lock();
            partitions.iter().filter_map(|partition| slots.remove(partition)).collect()
        };
        for slot in &given_up {
            slot.revoke();
        }
        let mut offsets = Vec::new();
        for slot in given_up {
            if !slot.wait_released(self.drain_timeout) {
                let partition = slot.partition;
                tracing::error!(
                    topic = self.topic,
                    partition,
                    "a revoked partition is still consumed"
                );
            }
            offsets.extend(slot.acknowledged().map(|it| (slot.partition, Offset::Offset(it))));
        }
        if offsets.is_empty() {
            return;
        }
        if let Err(error) = consumer.commit(&self.list(offsets), CommitMode::Sync) {
            // Repeats for the next member.
            tracing::debug!(%error, "the offsets of revoked partitions are not committed");
        }
    }

    fn give_up_all(&self, consumer: &BaseConsumer<Self>) {
        let all: Vec<_> = self.slots.lock().keys().copied().collect();
        self.give_up(consumer, &all);
    }

    fn list(&self, offsets: impl IntoIterator<Item = (i32, Offset)>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            // Only an offset that no list can hold is refused, and these come from one.
            let _ = list.add_partition_offset(&self.topic, partition, offset);
        }
        list
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements()
        .iter()
        .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
        .collect()
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(error, reason);
    }
}

impl ConsumerContext for MemberContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(revoked) = rebalance {
            self.give_up(consumer, &partitions(revoked));
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(assigned) = rebalance {
            for partition in partitions(assigned) {
                let slot = SharedPartition::new(partition);
                self.slots.lock().insert(partition, Arc::clone(&slot));
                // Without a receiver the member is being dropped, and the assignment with it.
                let _ = self.assigned.send(KafkaAssignment(slot));
            }
        }
    }
}
