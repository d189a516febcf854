//! Partition of a member: the messages that were fetched for it, and how far they are acknowledged.

use async_trait::async_trait;
use messaging::bus::{Assignment, BusError, BusMessage};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// Fetched messages at which a partition pauses.
const BUFFERED_MAX: usize = 1_024;
/// What a consumer is told while its member has no session.
const OUT_OF_SESSION: &str = "the session with the Kafka brokers has ended";
/// Fetched messages below which it goes on.
const BUFFERED_LOW: usize = 256;

/// Partition as the thread of its member and its consumer share it.
#[derive(Debug)]
pub(crate) struct SharedPartition {
    pub(crate) partition: i32,
    state: Mutex<SharedPartitionState>,
    /// How many messages the consumer was given in all.
    given: AtomicU64,
    /// That there are messages.
    filled: Notify,
    /// That the consumer is done.
    released: Condvar,
    revoked: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct SharedPartitionState {
    fetched: VecDeque<(i64, BusMessage)>,
    is_paused: bool,
    /// Offsets of what the consumer has and has not acknowledged, each with how many it was given with it.
    delivered: VecDeque<(u64, i64)>,
    /// Offset of the first message that is not acknowledged, if that is news.
    acknowledged: Option<i64>,
    /// Whether the member has no session, and nobody has said who has the partition now.
    is_out_of_session: bool,
    is_released: bool,
}

impl SharedPartition {
    pub(crate) fn new(partition: i32) -> Arc<Self> {
        Arc::new(Self {
            partition,
            state: Mutex::default(),
            given: AtomicU64::new(0),
            filled: Notify::new(),
            released: Condvar::new(),
            revoked: watch::Sender::new(false),
        })
    }

    /// Adds a fetched message; whether the partition has to pause now.
    pub(crate) fn push(&self, offset: i64, message: BusMessage) -> bool {
        let mut state = self.state.lock();
        if state.is_out_of_session {
            return false;
        }
        state.fetched.push_back((offset, message));
        self.filled.notify_one();
        let pauses = state.fetched.len() >= BUFFERED_MAX && !state.is_paused;
        state.is_paused |= pauses;
        pauses
    }

    /// Whether a paused partition has to go on now.
    pub(crate) fn resumes(&self) -> bool {
        let mut state = self.state.lock();
        let resumes = state.is_paused && state.fetched.len() < BUFFERED_LOW;
        state.is_paused &= !resumes;
        resumes
    }

    /// Offset to commit, if there is a new one.
    pub(crate) fn acknowledged(&self) -> Option<i64> {
        self.state.lock().acknowledged.take()
    }

    /// Ends receiving, because the session of the member has ended, and with it the client's assignment. The consumer keeps the
    /// partition; whatever it was not given comes again.
    pub(crate) fn leave_session(&self) {
        let mut state = self.state.lock();
        *state = SharedPartitionState {
            is_out_of_session: true,
            is_released: state.is_released,
            ..SharedPartitionState::default()
        };
        self.filled.notify_one();
    }

    /// Goes on with receiving in a new session; `false` if the consumer has ended meanwhile.
    pub(crate) fn enter_session(&self) -> bool {
        let mut state = self.state.lock();
        state.is_out_of_session = false;
        !state.is_released
    }

    pub(crate) fn is_out_of_session(&self) -> bool {
        self.state.lock().is_out_of_session
    }

    /// Tells the consumer to give the partition up.
    pub(crate) fn revoke(&self) {
        self.revoked.send_replace(true);
        self.filled.notify_one();
    }

    /// Waits until the consumer has; `false` if it does not in time.
    pub(crate) fn wait_released(&self, limit: Duration) -> bool {
        let mut state = self.state.lock();
        self.released.wait_while_for(&mut state, |state| !state.is_released, limit);
        state.is_released
    }
}

/// Partition of a member, for its consumer.
#[derive(Debug)]
pub(crate) struct KafkaAssignment(pub(crate) Arc<SharedPartition>);

#[async_trait]
impl Assignment for KafkaAssignment {
    fn partition(&self) -> u32 {
        u32::try_from(self.0.partition).expect("a partition has a number")
    }

    fn revoked(&self) -> watch::Receiver<bool> {
        self.0.revoked.subscribe()
    }

    async fn receive(&mut self, limit: usize) -> Result<Vec<BusMessage>, BusError> {
        loop {
            if *self.0.revoked.borrow() {
                return Err(BusError::Revoked);
            }
            {
                let mut state = self.0.state.lock();
                if state.is_out_of_session {
                    return Err(BusError::Unavailable(OUT_OF_SESSION.to_owned()));
                }
                let count = state.fetched.len().min(limit);
                if count > 0 {
                    let taken: Vec<_> = state.fetched.drain(..count).collect();
                    for (offset, _) in &taken {
                        let number = self.0.given.fetch_add(1, Ordering::Relaxed) + 1;
                        state.delivered.push_back((number, *offset));
                    }
                    return Ok(taken.into_iter().map(|(_, message)| message).collect());
                }
            }
            self.0.filled.notified().await;
        }
    }

    fn acknowledge(&mut self, count: u64) {
        let mut state = self.0.state.lock();
        while let Some((_, offset)) = state.delivered.pop_front_if(|(number, _)| *number <= count) {
            state.acknowledged = Some(offset + 1);
        }
    }
}

impl Drop for KafkaAssignment {
    fn drop(&mut self) {
        self.0.state.lock().is_released = true;
        self.0.released.notify_all();
    }
}
