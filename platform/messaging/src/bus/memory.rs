//! In-memory bus: a broker within the process, whose faults a test chooses.

mod group;

use super::{Assignment, Bus, BusError, BusMessage, GroupMember, Topic};
use async_trait::async_trait;
use group::{Group, MemberId};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
};
use tokio::sync::watch;

/// In-memory bus, for tests. Clones are the same bus.
///
/// ```
/// use messaging::bus::{Bus, BusKey, MemoryBus, Topic};
///
/// let bus = MemoryBus::default();
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let shop = BusKey::new(b"a secret of the shop").shop();
/// let topic = Topic { shop, source: "meter-service", partitions: 1 };
/// let mut member = bus.join("readings", topic).await.unwrap();
/// assert_eq!(member.assigned().await.unwrap().partition(), 0);
/// # });
/// ```
#[derive(Clone)]
pub struct MemoryBus {
    broker: Arc<Mutex<Broker>>,
    /// Sends a new number after each change.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Broker {
    is_down: bool,
    topics: HashMap<Topic, Vec<PartitionLog>>,
    groups: HashMap<(String, Topic), Group>,
    members: MemberId,
}

/// Messages of a partition, of which the first ones may be gone.
#[derive(Default)]
struct PartitionLog {
    offset: usize,
    messages: Vec<BusMessage>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self { broker: Arc::default(), changes: watch::Sender::new(0) }
    }
}

impl MemoryBus {
    /// Makes the broker unreachable, or reachable again.
    pub fn set_down(&self, is_down: bool) {
        self.change(|broker| broker.is_down = is_down);
    }

    /// Adds messages to a topic without its relay, as somebody else does who may write to the broker.
    pub fn inject(&self, topic: Topic, messages: &[BusMessage]) {
        self.change(|broker| broker.add(topic, messages));
    }

    /// Loses all messages, as a broker that kept them in memory does.
    pub fn lose_messages(&self) {
        self.change(|broker| {
            for log in broker.topics.values_mut().flatten() {
                log.offset += log.messages.len();
                log.messages.clear();
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Broker) -> T) -> T {
        let changed = change(&mut self.broker.lock());
        self.changes.send_modify(|number| *number += 1);
        changed
    }
}

impl Broker {
    fn check(&self) -> Result<(), BusError> {
        if self.is_down {
            return Err(BusError::Unavailable("the bus in memory is down".to_owned()));
        }
        Ok(())
    }

    fn logs(&mut self, topic: Topic) -> &mut Vec<PartitionLog> {
        let logs = || (0..topic.partitions).map(|_| PartitionLog::default()).collect();
        self.topics.entry(topic).or_insert_with(logs)
    }

    fn add(&mut self, topic: Topic, messages: &[BusMessage]) {
        let logs = self.logs(topic);
        for message in messages {
            logs[message.partition as usize].messages.push(message.clone());
        }
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        self.change(|broker| {
            broker.check()?;
            broker.add(topic, messages);
            Ok(())
        })
    }

    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError> {
        let key = (group.to_owned(), topic);
        let id = self.change(|broker| {
            broker.check()?;
            broker.members += 1;
            let id = broker.members;
            let group = broker.groups.entry(key.clone()).or_insert_with(|| Group::new(topic));
            group.join(id);
            Ok(id)
        })?;
        Ok(Box::new(MemoryMember { bus: self.clone(), key, id }))
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.broker.lock().check()
    }
}

/// Member of a group of the in-memory bus.
#[derive(Debug)]
struct MemoryMember {
    bus: MemoryBus,
    key: (String, Topic),
    id: MemberId,
}

#[async_trait]
impl GroupMember for MemoryMember {
    async fn assigned(&mut self) -> Result<Box<dyn Assignment>, BusError> {
        let mut changes = self.bus.changes.subscribe();
        loop {
            changes.mark_unchanged();
            let taken = self.bus.change_group(&self.key, |group| group.take(self.id));
            if let Some((partition, next, revoked)) = taken {
                let (bus, key) = (self.bus.clone(), self.key.clone());
                let returned = VecDeque::new();
                let assignment = MemoryAssignment {
                    bus,
                    key,
                    partition,
                    next,
                    returned,
                    acknowledged: 0,
                    revoked,
                };
                return Ok(Box::new(assignment));
            }
            changes.changed().await.map_err(|_| BusError::Revoked)?;
        }
    }
}

impl Drop for MemoryMember {
    fn drop(&mut self) {
        self.bus
            .change(|broker| broker.groups.get_mut(&self.key).map(|group| group.leave(self.id)));
    }
}

impl MemoryBus {
    /// Changes a group, and tells others only where there is a result.
    fn change_group<T>(
        &self,
        key: &(String, Topic),
        change: impl FnOnce(&mut Group) -> Option<T>,
    ) -> Option<T> {
        self.broker.lock().groups.get_mut(key).and_then(change)
    }
}

/// Partition of a member of the in-memory bus.
#[derive(Debug)]
struct MemoryAssignment {
    bus: MemoryBus,
    key: (String, Topic),
    partition: u32,
    /// Offset of the next message.
    next: usize,
    /// Offsets of the messages that were returned and are not acknowledged.
    returned: VecDeque<usize>,
    /// How many are acknowledged.
    acknowledged: u64,
    revoked: watch::Receiver<bool>,
}

impl MemoryAssignment {
    fn available(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError> {
        let mut broker = self.bus.broker.lock();
        broker.check()?;
        let log = &broker.logs(self.key.1)[self.partition as usize];
        let begin = self.next.max(log.offset) - log.offset;
        let messages: Vec<_> = log.messages.iter().skip(begin).take(limit).cloned().collect();
        self.next = log.offset + begin + messages.len();
        self.returned.extend(log.offset + begin..self.next);
        Ok(messages)
    }
}

#[async_trait]
impl Assignment for MemoryAssignment {
    fn partition(&self) -> u32 {
        self.partition
    }

    fn revoked(&self) -> watch::Receiver<bool> {
        self.revoked.clone()
    }

    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError> {
        let mut changes = self.bus.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if *self.revoked.borrow() {
                return Err(BusError::Revoked);
            }
            let messages = self.available(limit)?;
            if !messages.is_empty() {
                return Ok(messages);
            }
            changes.changed().await.map_err(|_| BusError::Revoked)?;
        }
    }

    fn acknowledge(&mut self, count: u64) {
        let mut last = None;
        while self.acknowledged < count
            && let Some(offset) = self.returned.pop_front()
        {
            self.acknowledged += 1;
            last = Some(offset);
        }
        if let Some(offset) = last
            && let Some(group) = self.bus.broker.lock().groups.get_mut(&self.key)
        {
            group.acknowledge(self.partition, offset + 1);
        }
    }
}

impl Drop for MemoryAssignment {
    fn drop(&mut self) {
        let partition = self.partition;
        self.bus.change(|broker| broker.groups.get_mut(&self.key).map(|it| it.give_up(partition)));
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}
