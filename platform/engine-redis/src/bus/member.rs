//! Member of a group: the task that says that it is there, and takes, renews and releases leases.

use super::{
    assignment::{self, RedisAssignment},
    keys::TopicKeys,
    unavailable,
};
use crate::{
    call::{RedisCall, ScriptText},
    link::Link,
};
use async_trait::async_trait;
use kernel::{Randomness, SystemRandomness, Uuid};
use messaging::bus::{Assignment, BusError, GroupMember, Topic};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};
use storage::StorageError;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// How long a lease lasts that nobody renews, and a member that says nothing.
pub(super) const LEASE: Duration = Duration::from_secs(10);
/// Pause between two renewals.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// How long a consumer may take to end after its partition was revoked; then it goes to the next member all the same.
const DRAINED_WITHIN: Duration = Duration::from_mins(1);

/// Says that a member is there. KEYS: members. ARGV: member, lease in milliseconds. Answers who is there.
static MEMBERS: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("../scripts/members.lua")));
/// Takes or renews leases. KEYS: leases. ARGV: member, lease in milliseconds. Answers which ones it has.
static LEASES: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("../scripts/lease.lua")));
/// Releases a lease. KEYS: lease. ARGV: member.
static RELEASE: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("../scripts/release.lua")));

/// Who consumes what.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) link: Arc<Link>,
    pub(super) keys: TopicKeys,
    pub(super) group: String,
    /// Identity of the member, which is also its name as a consumer of the streams.
    pub(super) name: String,
    partitions: u32,
}

/// Member of a group.
#[derive(Debug)]
pub(super) struct RedisMember {
    assigned: mpsc::Receiver<RedisAssignment>,
}

/// Partition that this member has.
#[derive(Debug)]
struct HeldPartition {
    revoked: watch::Sender<bool>,
    /// Until when its lease is renewed, once it is revoked.
    drained_by: Option<Instant>,
}

/// What the task of a member knows.
struct MemberTask {
    membership: Membership,
    assigned: mpsc::Sender<RedisAssignment>,
    held: BTreeMap<u32, HeldPartition>,
    /// Partitions whose consumer has ended.
    ended: (mpsc::Sender<u32>, mpsc::Receiver<u32>),
}

impl RedisMember {
    pub(super) async fn join(link: Arc<Link>, group: &str, topic: Topic) -> Result<Self, BusError> {
        let mut name = [0; 16];
        SystemRandomness.fill(&mut name);
        let membership = Membership {
            link,
            keys: TopicKeys::new(topic),
            group: group.to_owned(),
            name: Uuid::from_bytes(name).to_string(),
            partitions: topic.partitions,
        };
        // A member that cannot say that it is there has not joined.
        membership.be_present().await.map_err(unavailable)?;
        let capacity = topic.partitions as usize;
        let (sender, assigned) = mpsc::channel(capacity);
        let (held, ended) = (BTreeMap::new(), mpsc::channel(capacity));
        let task = MemberTask { membership, assigned: sender, held, ended };
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with the member and its partitions"
        )]
        tokio::spawn(task.run());
        Ok(Self { assigned })
    }
}

#[async_trait]
impl GroupMember for RedisMember {
    async fn assigned(&mut self) -> Result<Box<dyn Assignment>, BusError> {
        match self.assigned.recv().await {
            Some(assignment) => Ok(Box::new(assignment)),
            None => Err(BusError::Unavailable("the member has ended".to_owned())),
        }
    }
}

impl Membership {
    fn lease_ms() -> u64 {
        LEASE.as_secs() * 1_000
    }

    /// Says that the member is there; answers who is.
    async fn be_present(&self) -> Result<Vec<String>, StorageError> {
        let call = MEMBERS.call(&[&self.keys.members(&self.group)]);
        self.link.answer(call.arg(&self.name).arg(Self::lease_ms())).await
    }

    async fn leave(&self) -> Result<(), StorageError> {
        let mut command = redis::cmd("ZREM");
        command.arg(self.keys.members(&self.group)).arg(&self.name);
        self.link.run(RedisCall::command(command)).await.map(drop)
    }

    /// Takes or renews the leases of these partitions; answers those that the member has.
    async fn lease(&self, partitions: &[u32]) -> Result<Vec<u32>, StorageError> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> =
            partitions.iter().map(|number| self.keys.lease(&self.group, *number)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let call = LEASES.call(&keys).arg(&self.name).arg(Self::lease_ms());
        let taken: Vec<u8> = self.link.answer(call).await?;
        let all = partitions.iter().zip(taken);
        Ok(all.filter(|(_, taken)| *taken == 1).map(|(number, _)| *number).collect())
    }

    async fn release(&self, partition: u32) -> Result<(), StorageError> {
        let call = RELEASE.call(&[&self.keys.lease(&self.group, partition)]);
        self.link.run(call.arg(&self.name)).await.map(drop)
    }

    /// The share of this member among those that are there.
    fn share(&self, mut members: Vec<String>) -> Vec<u32> {
        members.sort_unstable();
        let Some(rank) = members.iter().position(|name| *name == self.name) else {
            return Vec::new();
        };
        (0..self.partitions).filter(|number| *number as usize % members.len() == rank).collect()
    }
}

impl MemberTask {
    async fn run(mut self) {
        let mut has_left = false;
        loop {
            let is_member = !self.assigned.is_closed();
            if !is_member && !has_left {
                has_left = self.membership.leave().await.is_ok();
                self.revoke(|_| true);
            }
            if !is_member && self.held.is_empty() {
                return;
            }
            if let Err(error) = self.beat(is_member).await {
                tracing::debug!(%error, "the leases of a consumer group are not renewed for now");
            }
            let member = self.assigned.clone();
            tokio::select! {
                () = tokio::time::sleep(HEARTBEAT) => {}
                () = member.closed(), if is_member => {}
                Some(partition) = self.ended.1.recv() => self.end(partition).await,
            }
        }
    }

    /// Renews the leases, takes those of the member's share, and revokes others.
    async fn beat(&mut self, is_member: bool) -> Result<(), StorageError> {
        let share = if is_member {
            self.membership.share(self.membership.be_present().await?)
        } else {
            Vec::new()
        };
        self.revoke(|partition| !share.contains(&partition));
        let now = Instant::now();
        let is_renewed = |held: &HeldPartition| held.drained_by.is_none_or(|until| now < until);
        let mut wanted: Vec<u32> =
            self.held.iter().filter(|(_, held)| is_renewed(held)).map(|(it, _)| *it).collect();
        wanted.extend(share.iter().filter(|number| !self.held.contains_key(*number)));
        let taken = self.membership.lease(&wanted).await?;
        for partition in &wanted {
            match (self.held.get_mut(partition), taken.contains(partition)) {
                (None, true) => self.begin(*partition),
                // Somebody else has it: it was away for longer than its lease.
                (Some(held), false) => held.revoke(),
                (Some(_), true) | (None, false) => {}
            }
        }
        Ok(())
    }

    fn revoke(&mut self, is_revoked: impl Fn(u32) -> bool) {
        for (partition, held) in &mut self.held {
            if is_revoked(*partition) {
                held.revoke();
            }
        }
    }

    fn begin(&mut self, partition: u32) {
        let (revoked, receiver) = watch::channel(false);
        self.held.insert(partition, HeldPartition { revoked, drained_by: None });
        let ended = self.ended.0.clone();
        let begun = assignment::begin(self.membership.clone(), partition, receiver, ended);
        // Where nobody takes it, it ends at once.
        drop(self.assigned.try_send(begun));
    }

    /// Releases a partition whose consumer has ended.
    async fn end(&mut self, partition: u32) {
        self.held.remove(&partition);
        if let Err(error) = self.membership.release(partition).await {
            tracing::debug!(%error, partition, "a lease is not released and will expire");
        }
    }
}

impl HeldPartition {
    fn revoke(&mut self) {
        if self.drained_by.is_none() {
            self.drained_by = Some(Instant::now() + DRAINED_WITHIN);
            self.revoked.send_replace(true);
        }
    }
}
