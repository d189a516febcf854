//! Consumer of a feed by way of the bus: a member of a consumer group, with a [`Consumer`] for each partition that it has.

use super::{
    Assignment, Bus, BusError, GroupMember, Partition, PartitionedBus, Topic,
    metrics::FallbackMetrics, partition_feed::PartitionFeed,
};
use crate::{Consumer, ConsumerParts, Feed, FeedEvent, Handler};
use std::{fmt, sync::Arc, time::Duration};
use telemetry::{Component, Criticality};
use tokio::{sync::Mutex, task::JoinSet};

/// Pause before a member joins again.
const JOIN_PAUSE: Duration = Duration::from_secs(1);

/// Consumer of one feed for one consumer group, by way of the bus. Members of the group in several processes share the partitions;
/// within one member the partitions take turns, so that a handler runs for one batch at a time, as without a bus.
pub struct GroupConsumer<E> {
    bus: Arc<dyn Bus>,
    topic: Topic,
    /// Name of the group on the bus.
    group: String,
    parts: ConsumerParts,
    feed: Arc<dyn Feed<E>>,
    handler: Arc<dyn Handler<E>>,
    metrics: FallbackMetrics,
    component: Component,
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
        Self {
            topic: Topic { source: E::SOURCE, partitions: bus.partitions },
            bus: bus.engine,
            group,
            metrics: FallbackMetrics::of(&parts.metrics, parts.group, E::SOURCE),
            parts,
            feed,
            handler,
            component,
        }
    }

    /// Consumes for ever.
    pub async fn run(self) {
        let turn = Arc::default();
        loop {
            let error = match self.bus.join(&self.group, self.topic).await {
                Ok(mut member) => self.consume(&mut *member, &turn).await,
                Err(error) => error,
            };
            tracing::warn!(group = self.group, source = E::SOURCE, %error, "the group is joined again");
            self.component.down(error.to_string());
            tokio::time::sleep(JOIN_PAUSE).await;
        }
    }

    /// Consumes the partitions that the member gets, until it has to join again.
    async fn consume(&self, member: &mut dyn GroupMember, turn: &Arc<Mutex<()>>) -> BusError {
        self.component.up();
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
        let feed =
            PartitionFeed::new(assignment, partition, Arc::clone(&self.feed), self.metrics.clone());
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
