//! Partition of a member: what its task has received, and what its consumer has acknowledged.

use crate::{member::RabbitMembership, reader::QueueReader};
use async_trait::async_trait;
use lapin::Consumer;
use messaging::bus::{Assignment, BusError, BusMessage};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages that wait for the consumer; of more, the broker hears nothing.
pub(crate) const WAITING_MAX: usize = 1_024;

/// Partition of a member.
#[derive(Debug)]
pub(crate) struct RabbitAssignment {
    partition: u32,
    revoked: watch::Receiver<bool>,
    messages: mpsc::Receiver<BusMessage>,
    /// Why the broker cannot be reached.
    failure: watch::Receiver<Option<String>>,
    acknowledged: watch::Sender<u64>,
    /// Its task ends when this is dropped.
    _alive: oneshot::Sender<()>,
}

/// Begins to receive a partition. `ended` is told when the consumer has ended and the queue is free.
pub(crate) fn begin(
    membership: Arc<RabbitMembership>,
    partition: u32,
    consumer: (lapin::Channel, Consumer),
    revoked: Arc<watch::Sender<bool>>,
    ended: mpsc::Sender<u32>,
) -> RabbitAssignment {
    let (sender, messages) = mpsc::channel(WAITING_MAX);
    let (failures, failure) = watch::channel(None);
    let (acknowledged, acknowledgements) = watch::channel(0);
    let (alive, has_ended) = oneshot::channel();
    let receiver = revoked.subscribe();
    let reader = QueueReader {
        membership,
        partition,
        messages: sender,
        failures,
        acknowledgements,
        revoked,
        delivered_count: 0,
    };
    #[expect(clippy::disallowed_methods, reason = "it ends with the assignment")]
    tokio::spawn(async move {
        reader.run(consumer, has_ended).await;
        // The member may have ended meanwhile, and then waits for nobody.
        let _ = ended.send(partition).await;
    });
    RabbitAssignment {
        partition,
        revoked: receiver,
        messages,
        failure,
        acknowledged,
        _alive: alive,
    }
}

#[async_trait]
impl Assignment for RabbitAssignment {
    fn partition(&self) -> u32 {
        self.partition
    }

    fn revoked(&self) -> watch::Receiver<bool> {
        self.revoked.clone()
    }

    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError> {
        let mut received = Vec::new();
        tokio::select! {
            biased;
            _ = self.revoked.wait_for(|revoked| *revoked) => return Err(BusError::Revoked),
            count = self.messages.recv_many(&mut received, limit) => match count {
                0 => return Err(BusError::Revoked),
                _ => return Ok(received),
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

    fn acknowledge(&mut self, count: u64) {
        self.acknowledged.send_if_modified(|acknowledged| {
            let is_further = count > *acknowledged;
            *acknowledged = count.max(*acknowledged);
            is_further
        });
    }
}
