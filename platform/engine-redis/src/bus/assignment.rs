//! Partition of a member: what its task has read, and what its consumer has acknowledged.

use super::{
    member::Membership,
    reader::{Delivery, Reader},
};
use async_trait::async_trait;
use messaging::bus::{Assignment, BusError, BusMessage};
use std::collections::VecDeque;
use tokio::sync::{mpsc, oneshot, watch};

/// Batches of messages that wait for the consumer.
const WAITING_BATCHES_MAX: usize = 2;

/// Partition of a member.
#[derive(Debug)]
pub(super) struct RedisAssignment {
    partition: u32,
    revoked: watch::Receiver<bool>,
    deliveries: mpsc::Receiver<Delivery>,
    /// Messages that were delivered and not yet returned.
    received: VecDeque<BusMessage>,
    /// Why the server cannot be read.
    failure: watch::Receiver<Option<String>>,
    acknowledged: watch::Sender<u64>,
    /// Its task ends when this is dropped.
    _alive: oneshot::Sender<()>,
}

/// Begins to read a partition. `ended` is told when the consumer has ended and what it acknowledged is so on the server.
pub(super) fn begin(
    membership: Membership,
    partition: u32,
    revoked: watch::Receiver<bool>,
    ended: mpsc::Sender<u32>,
) -> RedisAssignment {
    let (sender, deliveries) = mpsc::channel(WAITING_BATCHES_MAX);
    let (failures, failure) = watch::channel(None);
    let (acknowledged, acknowledgements) = watch::channel(0);
    let (alive, has_ended) = oneshot::channel();
    let reader = Reader::new(membership, partition, sender, failures, acknowledgements);
    #[expect(clippy::disallowed_methods, reason = "it ends with the assignment")]
    tokio::spawn(async move {
        reader.run(has_ended).await;
        // The member may have ended meanwhile, and then waits for nobody.
        let _ = ended.send(partition).await;
    });
    let received = VecDeque::new();
    RedisAssignment {
        partition,
        revoked,
        deliveries,
        received,
        failure,
        acknowledged,
        _alive: alive,
    }
}

#[async_trait]
impl Assignment for RedisAssignment {
    fn partition(&self) -> u32 {
        self.partition
    }

    fn revoked(&self) -> watch::Receiver<bool> {
        self.revoked.clone()
    }

    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError> {
        while self.received.is_empty() {
            tokio::select! {
                biased;
                _ = self.revoked.wait_for(|revoked| *revoked) => return Err(BusError::Revoked),
                delivery = self.deliveries.recv() => match delivery {
                    Some(delivery) => self.received.extend(delivery),
                    None => return Err(BusError::Revoked),
                },
                failed = self.failure.wait_for(Option::is_some) => match failed {
                    Ok(reason) => {
                        let reason = reason.clone().unwrap_or_default();
                        return Err(BusError::Unavailable(reason));
                    }
                    Err(_) => return Err(BusError::Revoked),
                },
            }
        }
        if *self.revoked.borrow() {
            return Err(BusError::Revoked);
        }
        let count = limit.min(self.received.len());
        Ok(self.received.drain(..count).collect())
    }

    fn acknowledge(&mut self, count: u64) {
        self.acknowledged.send_if_modified(|acknowledged| {
            let is_further = count > *acknowledged;
            *acknowledged = count.max(*acknowledged);
            is_further
        });
    }
}
