//! Consumer group of the in-memory bus: who has which partition.

use super::Topic;
use tokio::sync::watch;

pub(super) type MemberId = u64;

/// Consumer group.
pub(super) struct Group {
    members: Vec<MemberId>,
    partitions: Vec<GroupPartition>,
}

/// Partition of a group.
#[derive(Default)]
struct GroupPartition {
    /// Member that has it, with the sender of its revocation.
    owner: Option<(MemberId, watch::Sender<bool>)>,
    /// Offset after the last acknowledged message.
    acknowledged: usize,
}

impl Group {
    pub(super) fn new(topic: Topic) -> Self {
        let partitions = (0..topic.partitions).map(|_| GroupPartition::default()).collect();
        Self { members: Vec::new(), partitions }
    }

    pub(super) fn join(&mut self, member: MemberId) {
        self.members.push(member);
        self.balance();
    }

    pub(super) fn leave(&mut self, member: MemberId) {
        self.members.retain(|other| *other != member);
        self.balance();
    }

    /// Takes a partition that nobody has and this member should: its number, the offset to begin at, and its revocation.
    pub(super) fn take(&mut self, member: MemberId) -> Option<(u32, usize, watch::Receiver<bool>)> {
        let count = self.members.len();
        let rank = self.members.iter().position(|other| *other == member)?;
        let mut all = self.partitions.iter_mut().enumerate();
        let (number, partition) =
            all.find(|(number, it)| it.owner.is_none() && number % count == rank)?;
        let (sender, revoked) = watch::channel(false);
        partition.owner = Some((member, sender));
        Some((u32::try_from(number).ok()?, partition.acknowledged, revoked))
    }

    pub(super) fn give_up(&mut self, partition: u32) {
        self.partitions[partition as usize].owner = None;
    }

    pub(super) fn acknowledge(&mut self, partition: u32, offset: usize) {
        let acknowledged = &mut self.partitions[partition as usize].acknowledged;
        *acknowledged = offset.max(*acknowledged);
    }

    /// Revokes what other members should have.
    fn balance(&mut self) {
        for (number, partition) in self.partitions.iter().enumerate() {
            let rank = number.checked_rem(self.members.len());
            let target = rank.map(|rank| self.members[rank]);
            if let Some((owner, revoked)) = &partition.owner
                && target != Some(*owner)
            {
                revoked.send_replace(true);
            }
        }
    }
}
