//! Queue of changes for one peer: batched, each superseding an older one of its kind about the same instance, and dropped when it is too
//! old to matter.

use super::replication::{ReplicatedAction, ReplicatedChange};
use std::collections::{HashMap, VecDeque};

/// Changes of one batch.
pub(crate) const BATCH_CHANGES_MAX: usize = 250;
/// Changes that wait for a peer. Beyond that the oldest are dropped; heartbeats repair what is lost.
pub(crate) const QUEUE_CHANGES_MAX: usize = 65_536;
/// Time after which a change that is neither registration nor heartbeat is dropped, in milliseconds.
const CHANGE_EXPIRY_MS: u64 = 30_000;

type Key = (ReplicatedAction, String, String);

/// Queue of changes for one peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerQueue {
    /// Keys in the order of their changes. One whose change was superseded or taken has another turn, or none.
    order: VecDeque<(u64, Key)>,
    waiting: HashMap<Key, Waiting>,
    turn: u64,
    dropped: u64,
}

/// Change on its way to a peer.
#[derive(Clone, Debug)]
pub(crate) struct QueuedChange {
    pub(crate) change: ReplicatedChange,
    /// When it does not matter any more.
    expires_ms: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    turn: u64,
    queued: QueuedChange,
}

impl PeerQueue {
    /// Queues a change, in place of an older one of its kind about the same instance.
    pub(crate) fn push(&mut self, change: ReplicatedChange, now_ms: u64) {
        if self.waiting.len() >= QUEUE_CHANGES_MAX {
            self.drop_oldest();
        }
        let expires_ms = now_ms.saturating_add(lifetime_ms(&change));
        let key = key_of(&change);
        self.turn += 1;
        self.order.push_back((self.turn, key.clone()));
        let queued = QueuedChange { change, expires_ms };
        self.waiting.insert(key, Waiting { turn: self.turn, queued });
        if self.order.len() > 2 * QUEUE_CHANGES_MAX {
            self.order
                .retain(|(turn, key)| self.waiting.get(key).is_some_and(|it| it.turn == *turn));
        }
    }

    /// Takes the next batch, without what has expired.
    pub(crate) fn take_batch(&mut self, now_ms: u64) -> Vec<QueuedChange> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_CHANGES_MAX {
            let Some((turn, key)) = self.order.pop_front() else { break };
            if self.waiting.get(&key).is_none_or(|waiting| waiting.turn != turn) {
                continue;
            }
            let Some(waiting) = self.waiting.remove(&key) else { continue };
            if waiting.queued.expires_ms < now_ms {
                self.dropped += 1;
            } else {
                batch.push(waiting.queued);
            }
        }
        batch
    }

    /// Puts back a batch that did not arrive, in front; what was queued since supersedes it.
    pub(crate) fn put_back(&mut self, batch: Vec<QueuedChange>) {
        for queued in batch.into_iter().rev() {
            let key = key_of(&queued.change);
            if self.waiting.contains_key(&key) || self.waiting.len() >= QUEUE_CHANGES_MAX {
                self.dropped += 1;
                continue;
            }
            self.turn += 1;
            self.order.push_front((self.turn, key.clone()));
            self.waiting.insert(key, Waiting { turn: self.turn, queued });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Changes that were dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn drop_oldest(&mut self) {
        while let Some((turn, key)) = self.order.pop_front() {
            if self.waiting.get(&key).is_some_and(|waiting| waiting.turn == turn) {
                self.waiting.remove(&key);
                self.dropped += 1;
                return;
            }
        }
    }
}

fn key_of(change: &ReplicatedChange) -> Key {
    (change.action, change.app.clone(), change.id.clone())
}

/// Time for which a change matters: a registration or heartbeat until the next heartbeat.
fn lifetime_ms(change: &ReplicatedChange) -> u64 {
    match (change.action, &change.instance) {
        (ReplicatedAction::Register | ReplicatedAction::Heartbeat, Some(instance)) => {
            u64::from(instance.renewal_interval_seconds) * 1_000
        }
        _ => CHANGE_EXPIRY_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance::samples;

    fn change(action: ReplicatedAction, id: &str, dirty_ms: u64) -> ReplicatedChange {
        ReplicatedChange {
            action,
            app: "APP".to_owned(),
            id: id.to_owned(),
            last_dirty_ms: Some(dirty_ms),
            status: None,
            overridden: None,
            instance: Some(samples::instance("APP", id, dirty_ms)),
        }
    }

    fn taken(queue: &mut PeerQueue, now_ms: u64) -> Vec<(String, u64)> {
        let batch = queue.take_batch(now_ms).into_iter().map(|queued| queued.change);
        batch.map(|it| (it.id, it.last_dirty_ms.unwrap())).collect()
    }

    #[test]
    fn a_newer_change_supersedes_an_older_one_of_its_kind() {
        use ReplicatedAction::{Heartbeat, Register};
        let mut queue = PeerQueue::default();
        for (action, id, dirty_ms) in
            [(Heartbeat, "a", 1), (Heartbeat, "b", 2), (Register, "a", 3), (Heartbeat, "a", 4)]
        {
            queue.push(change(action, id, dirty_ms), 0);
        }
        assert_eq!(queue.len(), 3);
        let expected = [("b".to_owned(), 2), ("a".to_owned(), 3), ("a".to_owned(), 4)];
        assert_eq!(taken(&mut queue, 0), expected);
        assert_eq!((queue.len(), taken(&mut queue, 0).len()), (0, 0));
    }

    #[test]
    fn what_does_not_matter_any_more_is_dropped() {
        let mut queue = PeerQueue::default();
        queue.push(change(ReplicatedAction::Heartbeat, "a", 1), 0);
        queue.push(change(ReplicatedAction::Cancel, "b", 1), 10_000);
        assert_eq!(taken(&mut queue, 30_001), [("b".to_owned(), 1)]);
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_batch_that_did_not_arrive_comes_first_again_unless_superseded() {
        use ReplicatedAction::{Cancel, Heartbeat};
        let mut queue = PeerQueue::default();
        queue.push(change(Heartbeat, "a", 1), 0);
        queue.push(change(Cancel, "b", 1), 0);
        let batch = queue.take_batch(0);
        queue.push(change(Heartbeat, "a", 2), 0);
        queue.put_back(batch);
        assert_eq!(taken(&mut queue, 0), [("b".to_owned(), 1), ("a".to_owned(), 2)]);
    }

    #[test]
    fn batches_and_the_queue_are_bounded() {
        let mut queue = PeerQueue::default();
        for number in 0..QUEUE_CHANGES_MAX + 5 {
            queue.push(change(ReplicatedAction::Heartbeat, &number.to_string(), 1), 0);
        }
        assert_eq!((queue.len(), queue.dropped()), (QUEUE_CHANGES_MAX, 5));
        let batch = taken(&mut queue, 0);
        assert_eq!((batch.len(), &*batch[0].0), (BATCH_CHANGES_MAX, "5"));
    }
}
