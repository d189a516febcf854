//! Reader of a partition: claims what is stuck, waits for what is new, and acknowledges what the consumer has done.

use super::{
    entry,
    member::{LEASE, Membership},
};
use crate::{call::RedisCall, connection::RedisConnection, error::sentence};
use messaging::bus::BusMessage;
use parking_lot::Mutex;
use redis::{
    Cmd, FromRedisValue, RedisError, RedisResult, from_redis_value,
    streams::{StreamAutoClaimReply, StreamId, StreamInfoConsumersReply, StreamReadReply},
};
use std::{
    collections::{HashSet, VecDeque},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use storage::StorageError;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};

/// Messages that are read at once.
const READ_MAX: usize = 256;
/// How long the server waits for new ones before it answers that there are none.
const BLOCK: Duration = Duration::from_secs(1);
/// How long the server may take beyond that.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// Pause between two rounds of claiming what is stuck.
const CLAIM_EVERY: Duration = Duration::from_secs(30);
/// Pause before the next attempt to reach the server.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Most messages that were delivered and are not acknowledged.
const UNACKNOWLEDGED_MAX: usize = 10_000;
/// Attempts to acknowledge what a consumer did before it ended.
const LAST_ATTEMPTS_MAX: usize = 3;

/// Messages that were read together.
pub(super) type Delivery = Vec<BusMessage>;

/// Reader of a partition.
pub(super) struct Reader {
    membership: Membership,
    partition: u32,
    stream: String,
    deliveries: mpsc::Sender<Delivery>,
    failures: watch::Sender<Option<String>>,
    acknowledgements: watch::Receiver<u64>,
    /// Entries that were delivered and are not acknowledged, each with how many were delivered with it.
    delivered: Mutex<VecDeque<(u64, String)>>,
    /// How many were delivered.
    delivered_count: AtomicU64,
    /// Told when some of them are acknowledged.
    room: Notify,
}

impl Reader {
    pub(super) fn new(
        membership: Membership,
        partition: u32,
        deliveries: mpsc::Sender<Delivery>,
        failures: watch::Sender<Option<String>>,
        acknowledgements: watch::Receiver<u64>,
    ) -> Self {
        let stream = membership.keys.stream(partition);
        Self {
            membership,
            partition,
            stream,
            deliveries,
            failures,
            acknowledgements,
            delivered: Mutex::default(),
            delivered_count: AtomicU64::new(0),
            room: Notify::new(),
        }
    }

    /// Reads until the assignment is dropped.
    pub(super) async fn run(self, mut dropped: oneshot::Receiver<()>) {
        tokio::select! {
            () = self.read() => {}
            () = self.acknowledge() => {}
            _ = &mut dropped => {}
        }
        // What the last consumer acknowledged at its end.
        for _ in 0..LAST_ATTEMPTS_MAX {
            let count = *self.acknowledgements.borrow();
            if self.acknowledge_to(count).await.is_ok() {
                break;
            }
        }
    }

    async fn read(&self) {
        while !self.deliveries.is_closed() {
            if let Err(error) = self.read_connected().await {
                self.failures.send_replace(Some(sentence(&error)));
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }

    /// Reads on a connection of its own, which blocks, until that fails.
    async fn read_connected(&self) -> RedisResult<()> {
        let mut connection = self.membership.link.own_connection(BLOCK + ANSWERED_WITHIN).await?;
        self.create_group(&mut connection).await?;
        self.claim(&mut connection, Duration::ZERO).await?;
        self.remove_idle_consumers(&mut connection).await?;
        self.failures.send_replace(None);
        let mut claimed_at = Instant::now();
        while !self.deliveries.is_closed() {
            while self.delivered.lock().len() >= UNACKNOWLEDGED_MAX {
                self.room.notified().await;
            }
            let entries = match self.read_new(&mut connection).await {
                Err(error) if error.code() == Some("NOGROUP") => {
                    // The server was flushed.
                    self.delivered.lock().clear();
                    self.create_group(&mut connection).await?;
                    continue;
                }
                entries => entries?,
            };
            self.deliver(entries).await;
            if claimed_at.elapsed() >= CLAIM_EVERY {
                self.claim(&mut connection, LEASE).await?;
                claimed_at = Instant::now();
            }
        }
        Ok(())
    }

    fn command(&self, name: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(&self.stream).arg(&self.membership.group);
        command
    }

    async fn create_group(&self, connection: &mut RedisConnection) -> RedisResult<()> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(&self.stream).arg(&self.membership.group).arg("0").arg("MKSTREAM");
        match connection.send(&create).await {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }

    /// Delivers what was read and not acknowledged for this time, by whomever, unless this reader did.
    async fn claim(&self, connection: &mut RedisConnection, idle: Duration) -> RedisResult<()> {
        let mut cursor = "0-0".to_owned();
        loop {
            let mut command = self.command("XAUTOCLAIM");
            command.arg(&self.membership.name).arg(idle.as_secs() * 1_000);
            command.arg(&cursor).arg("COUNT").arg(READ_MAX);
            let reply: StreamAutoClaimReply = answer(connection, &command).await?;
            let known: HashSet<String> =
                self.delivered.lock().iter().map(|(_, id)| id.clone()).collect();
            let claimed = reply.claimed.into_iter();
            self.deliver(claimed.filter(|entry| !known.contains(&entry.id)).collect()).await;
            cursor = reply.next_stream_id;
            if cursor == "0-0" {
                return Ok(());
            }
        }
    }

    /// Removes the names of former members, which have nothing any more.
    async fn remove_idle_consumers(&self, connection: &mut RedisConnection) -> RedisResult<()> {
        let mut list = redis::cmd("XINFO");
        list.arg("CONSUMERS").arg(&self.stream).arg(&self.membership.group);
        let reply: StreamInfoConsumersReply = answer(connection, &list).await?;
        for consumer in reply.consumers {
            if consumer.pending == 0 && consumer.name != self.membership.name {
                let mut remove = redis::cmd("XGROUP");
                remove.arg("DELCONSUMER").arg(&self.stream).arg(&self.membership.group);
                connection.send(remove.arg(&consumer.name)).await?;
            }
        }
        Ok(())
    }

    async fn read_new(&self, connection: &mut RedisConnection) -> RedisResult<Vec<StreamId>> {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.membership.group).arg(&self.membership.name);
        command.arg("COUNT").arg(READ_MAX).arg("BLOCK").arg(BLOCK.as_secs() * 1_000);
        command.arg("STREAMS").arg(&self.stream).arg(">");
        let reply: Option<StreamReadReply> = answer(connection, &command).await?;
        Ok(reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect())
    }

    async fn deliver(&self, entries: Vec<StreamId>) {
        if entries.is_empty() {
            return;
        }
        let mut messages = Vec::with_capacity(entries.len());
        for entry in entries {
            let foreign = || BusMessage::foreign(self.partition);
            messages.push(entry::read(&entry, self.partition).unwrap_or_else(foreign));
            let number = self.delivered_count.fetch_add(1, Ordering::Relaxed) + 1;
            self.delivered.lock().push_back((number, entry.id));
        }
        // Without a receiver it ends.
        let _ = self.deliveries.send(messages).await;
    }

    async fn acknowledge(&self) {
        let mut acknowledgements = self.acknowledgements.clone();
        while acknowledgements.changed().await.is_ok() {
            let count = *acknowledgements.borrow_and_update();
            while let Err(error) = self.acknowledge_to(count).await {
                tracing::debug!(%error, "messages of the bus are not acknowledged for now");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }

    /// Acknowledges so many of the delivered entries.
    async fn acknowledge_to(&self, count: u64) -> Result<(), StorageError> {
        loop {
            let ids: Vec<String> = {
                let delivered = self.delivered.lock();
                let done = delivered.iter().take_while(|(it, _)| *it <= count).take(READ_MAX);
                done.map(|(_, id)| id.clone()).collect()
            };
            if ids.is_empty() {
                return Ok(());
            }
            let mut command = self.command("XACK");
            command.arg(&ids);
            self.membership.link.run(RedisCall::command(command)).await?;
            let mut delivered = self.delivered.lock();
            // A flush may have emptied it meanwhile.
            let done = delivered.iter().zip(&ids).take_while(|((_, it), id)| it == *id).count();
            delivered.drain(..done);
            drop(delivered);
            self.room.notify_one();
        }
    }
}

async fn answer<T: FromRedisValue>(
    connection: &mut RedisConnection,
    command: &Cmd,
) -> RedisResult<T> {
    let value = connection.send(command).await?;
    from_redis_value(value).map_err(RedisError::from)
}
