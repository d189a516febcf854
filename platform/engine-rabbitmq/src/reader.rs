//! Reader of a partition: receives what the broker delivers, and acknowledges what the consumer has done.

use crate::{
    assignment::WAITING_MAX,
    broker::CLOSED,
    error::{is_taken, unavailable},
    member::RabbitMembership,
    message,
};
use futures_util::StreamExt;
use lapin::{
    Channel, Consumer, Error,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use messaging::bus::{BusError, BusMessage};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

/// Pause before the first attempt to reach the broker again; each further one doubles it.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between two attempts.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long the end of a channel may take.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// Messages that the broker delivers ahead of acknowledgements.
const PREFETCHED_MAX: u16 = 4_096;

/// Reader of a partition.
#[derive(Debug)]
pub(crate) struct QueueReader {
    pub(crate) membership: Arc<RabbitMembership>,
    pub(crate) partition: u32,
    pub(crate) messages: mpsc::Sender<BusMessage>,
    pub(crate) failures: watch::Sender<Option<String>>,
    pub(crate) acknowledgements: watch::Receiver<u64>,
    pub(crate) revoked: Arc<watch::Sender<bool>>,
    /// How many messages were delivered, on all channels.
    pub(crate) delivered_count: u64,
}

/// Queue that this member alone consumes, and what it was delivered.
struct OpenQueue {
    channel: Channel,
    consumer: Consumer,
    /// Tags of the messages that are not acknowledged, each with how many were delivered with it.
    delivered: VecDeque<(u64, u64)>,
}

impl QueueReader {
    /// Receives until the assignment is dropped.
    pub(crate) async fn run(
        mut self,
        (channel, consumer): (Channel, Consumer),
        mut dropped: oneshot::Receiver<()>,
    ) {
        let mut open = Some(OpenQueue { channel, consumer, delivered: VecDeque::new() });
        loop {
            let Some(queue) = &mut open else {
                tokio::select! {
                    opened = self.open_again() => open = opened,
                    _ = &mut dropped => return,
                }
                if open.is_none() {
                    // Somebody else has it. Its consumer sees that, and ends.
                    let _ = dropped.await;
                    return;
                }
                continue;
            };
            tokio::select! {
                received = self.receive(queue) => {
                    if let Err(error) = received {
                        let server = &self.membership.broker.server;
                        self.failures.send_replace(Some(unavailable(server, error).to_string()));
                        open = None;
                    }
                }
                _ = &mut dropped => break,
            }
        }
        if let Some(mut queue) = open {
            let count = *self.acknowledgements.borrow();
            let closed = async {
                // What was not acknowledged is delivered to the next consumer, whatever the reason.
                let _ = queue.acknowledge(count).await;
                let _ = queue.channel.close(CLOSED, "OK".into()).await;
            };
            let _ = timeout(CLOSED_WITHIN, closed).await;
        }
    }

    /// Receives the next message or acknowledgement. Cancel-safe.
    async fn receive(&mut self, queue: &mut OpenQueue) -> Result<(), String> {
        // Room first: what was taken from the broker must not be lost on the way.
        tokio::select! {
            room = self.messages.reserve() => {
                let Ok(room) = room else { return std::future::pending().await };
                let delivery = tokio::select! {
                    delivery = queue.consumer.next() => delivery,
                    changed = self.acknowledgements.changed() => {
                        return acknowledged(queue, changed, &mut self.acknowledgements).await;
                    }
                };
                let delivery = delivery.ok_or("the broker cancelled the consumer")?;
                let delivery = delivery.map_err(|error| error.to_string())?;
                self.delivered_count += 1;
                queue.delivered.push_back((self.delivered_count, delivery.delivery_tag));
                let foreign = || BusMessage::foreign(self.partition);
                room.send(message::read(delivery, self.partition).unwrap_or_else(foreign));
                Ok(())
            }
            changed = self.acknowledgements.changed() => {
                acknowledged(queue, changed, &mut self.acknowledgements).await
            }
        }
    }

    /// Consumes the queue again after the connection was lost; `None` when somebody else does meanwhile.
    async fn open_again(&self) -> Option<OpenQueue> {
        let mut pause = RETRY_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
            match consume(&self.membership, self.partition).await {
                Ok(Some((channel, consumer))) => {
                    self.failures.send_replace(None);
                    return Some(OpenQueue { channel, consumer, delivered: VecDeque::new() });
                }
                Ok(None) => {
                    self.revoked.send_replace(true);
                    return None;
                }
                Err(error) => {
                    self.failures.send_replace(Some(kernel::one_line(&error.to_string())));
                }
            }
        }
    }
}

async fn acknowledged(
    queue: &mut OpenQueue,
    changed: Result<(), watch::error::RecvError>,
    acknowledgements: &mut watch::Receiver<u64>,
) -> Result<(), String> {
    if changed.is_err() {
        // The assignment is being dropped.
        return std::future::pending().await;
    }
    let count = *acknowledgements.borrow_and_update();
    queue.acknowledge(count).await.map_err(|error| error.to_string())
}

impl OpenQueue {
    /// Acknowledges so many of all messages that were delivered.
    async fn acknowledge(&mut self, count: u64) -> Result<(), Error> {
        let done = self.delivered.iter().take_while(|(it, _)| *it <= count).count();
        let Some((_, tag)) = self.delivered.drain(..done).next_back() else { return Ok(()) };
        self.channel.basic_ack(tag, BasicAckOptions { multiple: true }).await
    }
}

/// Begins to consume the queue of a partition; `None` when somebody else does.
pub(crate) async fn consume(
    membership: &RabbitMembership,
    partition: u32,
) -> Result<Option<(Channel, Consumer)>, BusError> {
    const { assert!(WAITING_MAX < PREFETCHED_MAX as usize) };
    let broker = &membership.broker;
    let channel = broker.consuming_channel().await?;
    let begun = async {
        membership.declare(&channel, partition).await?;
        channel.basic_qos(PREFETCHED_MAX, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
        let (queue, tag) = (membership.queue(partition), "".into());
        channel.basic_consume(queue, tag, options, FieldTable::default()).await
    };
    match timeout(CLOSED_WITHIN, begun).await {
        Ok(Ok(consumer)) => Ok(Some((channel, consumer))),
        Ok(Err(error)) if is_taken(&error) => Ok(None),
        Ok(Err(error)) => Err(unavailable(&broker.server, error)),
        Err(_) => Err(unavailable(&broker.server, "it does not answer in time")),
    }
}
