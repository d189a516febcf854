//! Consumer of a feed by way of the bus: a member of a consumer group, with a [`Consumer`] for each partition that it has.

use super::{
    Assignment, Bus, BusError, BusKey, GroupMember, Partition, PartitionedBus, Topic,
    connection::{BusFault, BusHealth},
    metrics::FallbackMetrics,
    partition_feed::PartitionFeed,
    receiver::Receiver,
};
use crate::{Consumer, ConsumerParts, Feed, FeedEvent, Handler};
use std::{fmt, sync::Arc, time::Duration};
use telemetry::Criticality;
use tokio::{sync::Mutex, task::JoinSet};

/// Pause before a member joins again.
const JOIN_PAUSE: Duration = Duration::from_secs(1);

/// What goes on while a group is down.
const MEANWHILE: &str = "its partitions are read from the feed meanwhile";

/// Consumer of one feed for one consumer group, by way of the bus. Members of the group in several processes share the partitions;
/// within one member the partitions take turns, so that a handler runs for one batch at a time, as without a bus.
pub struct GroupConsumer<E> {
    bus: Arc<dyn Bus>,
    topic: Topic,
    key: BusKey,
    /// Name of the group on the bus.
    group: String,
    parts: ConsumerParts,
    feed: Arc<dyn Feed<E>>,
    handler: Arc<dyn Handler<E>>,
    metrics: FallbackMetrics,
    health: BusHealth,
}

impl<E: FeedEvent> GroupConsumer<E> {
    /// A member of the group that is called `group` on the bus, where groups of all services meet. `feed` is the source's, for what
    /// the bus does not have.
    pub fn new(
        bus: PartitionedBus,
        group: String,
        parts: ConsumerParts,
        feed: Arc<dyn Feed<E>>,
        handler: Arc<dyn Handler<E>>,
    ) -> Self {
        let name = format!("bus group {group}.{}", E::SOURCE);
        let component = parts.health.component(name, Criticality::Optional);
        let health = BusHealth::new(component, bus.connection.clone(), MEANWHILE);
        Self {
            topic: bus.topic(E::SOURCE),
            bus: bus.engine,
            key: bus.key,
            group,
            metrics: FallbackMetrics::of(&parts.metrics, parts.group, E::SOURCE),
            parts,
            feed,
            handler,
            health,
        }
    }

    /// Consumes for ever.
    pub async fn run(self) {
        tokio::select! {
            biased;
            () = self.consume_joined() => {}
            () = self.health.follow() => {}
        }
    }

    async fn consume_joined(&self) {
        let turn = Arc::default();
        let mut is_away = false;
        loop {
            let joined = self.bus.join(&self.group, self.topic).await;
            let was_away = std::mem::replace(&mut is_away, joined.is_err());
            let error = match joined {
                Ok(mut member) => self.consume(&mut *member, &turn).await,
                Err(error) => error,
            };
            if !(was_away && is_away) {
                tracing::warn!(group = self.group, source = E::SOURCE, %error, "the group is joined again");
            }
            self.health.note(BusFault::Own, Some(error.to_string()));
            tokio::time::sleep(JOIN_PAUSE).await;
        }
    }

    /// Consumes the partitions that the member gets, until it has to join again.
    async fn consume(&self, member: &mut dyn GroupMember, turn: &Arc<Mutex<()>>) -> BusError {
        self.health.note(BusFault::Own, None);
        self.health.begin();
        let mut partitions = JoinSet::new();
        loop {
            tokio::select! {
                assigned = member.assigned() => match assigned {
                    Ok(assignment) => {
                        partitions.spawn(self.partition(assignment, turn));
                    }
                    Err(error) => return error,
                },
                Some(ended) = partitions.join_next() => {
                    if let Err(error) = ended {
                        // Its messages would wait for ever.
                        return BusError::Unavailable(format!("a partition ended: {error}"));
                    }
                }
            }
        }
    }

    /// Consumes a partition until it is revoked, and gives it up.
    fn partition(
        &self,
        assignment: Box<dyn Assignment>,
        turn: &Arc<Mutex<()>>,
    ) -> impl Future<Output = ()> + use<E> {
        let partition = Partition { number: assignment.partition(), count: self.topic.partitions };
        let revoked = assignment.revoked();
        let observed = (self.metrics.clone(), self.health.clone());
        let receiver = Receiver::new(assignment, self.topic, self.key.clone(), observed);
        let feed = PartitionFeed::new(receiver, partition, Arc::clone(&self.feed));
        let consumer = Consumer::of_partition(
            self.parts.clone(),
            Arc::new(feed),
            Arc::clone(&self.handler),
            (partition, Arc::clone(turn)),
        );
        consumer.run_until(revoked)
    }
}

impl<E: FeedEvent> fmt::Debug for GroupConsumer<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GroupConsumer")
            .field("group", &self.group)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
