//! Member of a consumer group: a consumer of the library, polled by a thread of its own.
//!
//! A rebalance runs in that thread. It waits there until the consumers of the revoked partitions have ended, and commits what
//! they have acknowledged, before the group goes on.
//!
//! **Session.** A member that does not reach the brokers for the time of a session has its assignment revoked by the library (it is
//! lost): nobody has said that somebody else has the partitions, so their consumers keep them, and read the feeds. The next assignment says
//! which of them are the member's still; only the others are given up.

use crate::{
    assignment::{KafkaAssignment, SharedPartition},
    bus::{Instances, unavailable},
    client::ClientLog,
    options::KafkaOptions,
    topics, wire,
};
use async_trait::async_trait;
use messaging::bus::{Assignment, BusError, BusMessage, GroupMember};
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

/// Interval at which a member asks which partitions its topic has: some may be added, or the topic made anew.
const METADATA_INTERVAL_MS: &str = "10000";

/// Topic of a member.
#[derive(Clone, Debug)]
pub(crate) struct JoinedTopic {
    pub(crate) name: String,
    /// How many partitions it has.
    pub(crate) present: u32,
    /// How many the shop has.
    pub(crate) wanted: u32,
}

impl JoinedTopic {
    /// The shop's partitions that come with these of the topic. What the topic has beyond them is nobody's.
    fn of_shop(&self, partitions: &[i32]) -> Vec<i32> {
        let with_lacking = |number: &i32| topics::with_lacking(*number, self.present, self.wanted);
        partitions.iter().flat_map(with_lacking).collect()
    }

    /// Whether the topic has got more partitions since the member joined, which had consumers already.
    fn has_grown(&self, partitions: &[i32]) -> bool {
        let is_new = |number: &i32| number.cast_unsigned() >= self.present;
        self.present < self.wanted && partitions.iter().any(is_new)
    }
}

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
        topic: &JoinedTopic,
        instances: &Arc<Instances>,
    ) -> Result<Self, BusError> {
        let (sender, assigned) = mpsc::unbounded_channel();
        let context = MemberContext {
            topic: topic.clone(),
            has_grown: AtomicBool::new(false),
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
        config.set("topic.metadata.refresh.interval.ms", METADATA_INTERVAL_MS);
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
        consumer.subscribe(&[&topic.name]).map_err(|error| unavailable(&error))?;
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
    let has_grown = &consumer.context().has_grown;
    while !stop.load(Ordering::Acquire) && !has_grown.load(Ordering::Acquire) {
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
    topic: JoinedTopic,
    /// Whether it has more partitions than when the member joined, so that it has to join again.
    has_grown: AtomicBool,
    drain_timeout: Duration,
    slots: Mutex<HashMap<i32, Arc<SharedPartition>>>,
    assigned: mpsc::UnboundedSender<KafkaAssignment>,
    log: ClientLog,
}

impl MemberContext {
    fn take(&self, consumer: &BaseConsumer<Self>, record: &BorrowedMessage<'_>) {
        let slots = self.slots.lock();
        let Some(slot) = slots.get(&record.partition()) else { return };
        let foreign = || BusMessage::foreign(record.partition().cast_unsigned());
        let message = wire::read(record).unwrap_or_else(foreign);
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
                    topic = self.topic.name,
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

    /// Keeps these partitions without a session.
    fn leave_session(&self, partitions: &[i32]) {
        let slots = self.slots.lock();
        for slot in partitions.iter().filter_map(|partition| slots.get(partition)) {
            slot.leave_session();
        }
    }

    /// Gives up the partitions that were kept without a session and are not among these, which the new one has.
    fn give_up_others(&self, consumer: &BaseConsumer<Self>, assigned: &[i32]) {
        let others: Vec<_> = {
            let slots = self.slots.lock();
            let kept = slots.values().filter(|slot| slot.is_out_of_session());
            kept.map(|slot| slot.partition).filter(|it| !assigned.contains(it)).collect()
        };
        self.give_up(consumer, &others);
    }

    /// Begins a partition, or goes on with the one that was kept without a session.
    fn begin(&self, consumer: &BaseConsumer<Self>, partition: i32) {
        // It may have been paused when its last session ended.
        if let Err(error) = consumer.resume(&self.list([(partition, Offset::Invalid)])) {
            tracing::debug!(%error, partition, "a Kafka partition is not resumed");
        }
        let mut slots = self.slots.lock();
        if slots.get(&partition).is_some_and(|slot| slot.enter_session()) {
            return;
        }
        let slot = SharedPartition::new(partition);
        slots.insert(partition, Arc::clone(&slot));
        // Without a receiver the member is being dropped, and the assignment with it.
        let _ = self.assigned.send(KafkaAssignment(slot));
    }

    fn give_up_all(&self, consumer: &BaseConsumer<Self>) {
        let all: Vec<_> = self.slots.lock().keys().copied().collect();
        self.give_up(consumer, &all);
    }

    fn list(&self, offsets: impl IntoIterator<Item = (i32, Offset)>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            // Only an offset that no list can hold is refused, and these come from one.
            let _ = list.add_partition_offset(&self.topic.name, partition, offset);
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
        match rebalance {
            Rebalance::Revoke(lost) if consumer.assignment_lost() => {
                tracing::debug!(topic = self.topic.name, "a member has no session for now");
                self.leave_session(&self.topic.of_shop(&partitions(lost)));
            }
            Rebalance::Revoke(revoked) => {
                self.give_up(consumer, &self.topic.of_shop(&partitions(revoked)));
            }
            Rebalance::Assign(assigned) => {
                self.give_up_others(consumer, &self.topic.of_shop(&partitions(assigned)));
            }
            Rebalance::Error(_) => {}
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(assigned) = rebalance {
            let assigned = partitions(assigned);
            if self.topic.has_grown(&assigned) {
                self.has_grown.store(true, Ordering::Release);
                return;
            }
            for partition in self.topic.of_shop(&assigned) {
                self.begin(consumer, partition);
            }
        }
    }
}
