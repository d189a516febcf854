//! Lease port: which of several processes owns what only one may decide at a time, and how the others find out that it is gone.

use crate::StorageError;
use async_trait::async_trait;
use std::time::Duration;
use tokio::time::Instant;

/// Length limit of the name of an owner, in bytes.
pub const LEASE_OWNER_BYTES_MAX: usize = 256;

/// Lease on the services of a process.
///
/// A lease has an epoch, which each owner raises, and a number of renewals, which its owner raises for as long as it lives. Nobody
/// compares clocks: who waits for a lease takes it when [`LeaseWatch`] has seen the same state for long enough.
///
/// **A lease is no lock.** A process that was paused may believe to be the owner after another one has taken its place. What it then
/// writes has to be refused by the store: the epoch is the fencing token with which it is opened.
///
/// The suite that every engine passes is [`lease_conformance!`](crate::lease_conformance).
///
/// # Errors
///
/// All methods answer with [`StorageError::Unavailable`] when the store does not answer in time; what was asked may be done all the same.
///
/// ```
/// use engine_memory::MemoryLease;
/// use storage::{Lease, StorageError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let lease = MemoryLease::default();
/// let seen = lease.state().await?;
/// assert!(seen.is_free());
/// let epoch = lease.take(&seen, "first").await?.expect("nobody has taken it since");
/// assert!(lease.renew(&epoch).await?);
/// assert_eq!(lease.take(&seen, "second").await?, None, "it is not as it was seen");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Lease: Send + Sync + std::fmt::Debug {
    /// The state that is stored.
    async fn state(&self) -> Result<LeaseState, StorageError>;

    /// Makes `owner` the owner, if the state is still the one that was `seen`; `None` when it is not. Durable when it returns.
    async fn take(
        &self,
        seen: &LeaseState,
        owner: &str,
    ) -> Result<Option<LeaseEpoch>, StorageError>;

    /// Renews the lease; `false` when somebody else has taken it since.
    async fn renew(&self, epoch: &LeaseEpoch) -> Result<bool, StorageError>;

    /// Gives the lease back, so that nobody has to wait for its end. Without effect when somebody else has it.
    async fn release(&self, epoch: &LeaseEpoch) -> Result<(), StorageError>;
}

/// Epoch of an owner: the fencing token of what it writes, for each part of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEpoch(pub Vec<i64>);

/// State of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseState(pub Vec<LeasePart>);

/// Part of a lease, such as that of one of the services. Whoever owns a lease owns all of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasePart {
    /// Number of owners so far.
    pub epoch: i64,
    /// Renewals by this owner.
    pub renewals: i64,
    /// Owner, as a name for people; `None` when it has given it back, or there was none.
    pub owner: Option<String>,
}

impl LeaseState {
    /// Whether nobody has any part of it.
    pub fn is_free(&self) -> bool {
        self.0.iter().all(|part| part.owner.is_none())
    }

    /// Owner of a part.
    pub fn owner(&self) -> Option<&str> {
        self.0.iter().find_map(|part| part.owner.as_deref())
    }

    /// Whether its parts do not belong together: some are free or another owner's. It is free when all of them are.
    pub fn is_divided(&self) -> bool {
        self.0.iter().any(|part| part.owner != self.0[0].owner)
    }
}

/// Times of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTiming {
    /// How long a state must stand still until it may be taken.
    pub duration: Duration,
    /// Pause between two renewals, and between two looks of who waits.
    pub interval: Duration,
    /// How long a look may take. A store that is slower than that may be too slow for the owner as well, and nothing follows from it.
    pub look_max: Duration,
}

impl Default for LeaseTiming {
    /// A lost owner is replaced within two seconds; five renewals in sequence may fail before.
    fn default() -> Self {
        Self {
            duration: Duration::from_millis(1_500),
            interval: Duration::from_millis(250),
            look_max: Duration::from_millis(500),
        }
    }
}

/// Watch over a lease: tells when its owner has not renewed it for as long as it lasts, by looks at its state alone.
///
/// Time counts only between looks that were answered, quickly and one soon after the other: while the store is away or slow, its owner
/// cannot renew the lease either.
///
/// ```
/// use storage::{LeasePart, LeaseState, LeaseTiming, LeaseWatch};
/// use tokio::time::{Instant, advance};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let part = LeasePart { epoch: 1, renewals: 7, owner: Some("first".to_owned()) };
/// let (state, timing) = (LeaseState(vec![part]), LeaseTiming::default());
/// let mut watch = LeaseWatch::new(timing);
/// assert!(!watch.looked(Instant::now(), &state));
/// for _ in 0..5 {
///     advance(timing.interval).await;
///     assert!(!watch.looked(Instant::now(), &state));
/// }
/// advance(timing.interval).await;
/// assert!(watch.looked(Instant::now(), &state), "it stood still for 1.5 seconds");
/// # });
/// ```
#[derive(Debug)]
pub struct LeaseWatch {
    timing: LeaseTiming,
    /// State with the time when the answer of the first look that saw it had come, and that of the last one.
    still: Option<(LeaseState, Instant, Instant)>,
}

impl LeaseWatch {
    /// Watch that has not looked yet.
    pub fn new(timing: LeaseTiming) -> Self {
        Self { timing, still: None }
    }

    /// Whether the lease may be taken, after a look that began at this time and has just been answered with this state.
    pub fn looked(&mut self, began: Instant, state: &LeaseState) -> bool {
        if state.is_free() || kernel::defects::planted("lease_taken_without_wait") {
            return true;
        }
        let answered = Instant::now();
        if answered.duration_since(began) > self.timing.look_max {
            self.still = None;
            return false;
        }
        let gap_max = self.timing.interval + self.timing.look_max;
        match &mut self.still {
            Some((known, since, last))
                if known == state && answered.duration_since(*last) <= gap_max =>
            {
                *last = answered;
                began.saturating_duration_since(*since) >= self.timing.duration
            }
            still => {
                *still = Some((state.clone(), answered, answered));
                false
            }
        }
    }

    /// Forgets what was seen: a look failed.
    pub fn failed(&mut self) {
        self.still = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const TIMING: LeaseTiming = LeaseTiming {
        duration: Duration::from_secs(1),
        interval: Duration::from_millis(200),
        look_max: Duration::from_millis(300),
    };

    fn owned(renewals: i64) -> LeaseState {
        LeaseState(vec![LeasePart { epoch: 3, renewals, owner: Some("first".to_owned()) }])
    }

    /// Looks every 200 ms at a state that stands still, and returns after how many the lease may be taken.
    async fn looks_until_taken(watch: &mut LeaseWatch) -> usize {
        for count in 1..20 {
            if watch.looked(Instant::now(), &owned(1)) {
                return count;
            }
            advance(TIMING.interval).await;
        }
        panic!("it is never taken")
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_stands_still_is_taken_after_its_duration() {
        assert_eq!(looks_until_taken(&mut LeaseWatch::new(TIMING)).await, 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_renewed_is_not_taken() {
        let mut watch = LeaseWatch::new(TIMING);
        for renewals in 0..100 {
            assert!(!watch.looked(Instant::now(), &owned(renewals / 4)), "{renewals}");
            advance(TIMING.interval).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_given_back_is_taken_at_once() {
        let free = LeaseState(vec![LeasePart { epoch: 3, renewals: 9, owner: None }]);
        assert!(LeaseWatch::new(TIMING).looked(Instant::now(), &free));
    }

    #[tokio::test(start_paused = true)]
    async fn time_without_answers_of_the_store_does_not_count() {
        let mut watch = LeaseWatch::new(TIMING);
        for _ in 0..5 {
            assert!(!watch.looked(Instant::now(), &owned(1)));
            advance(TIMING.interval).await;
        }
        watch.failed();
        assert_eq!(looks_until_taken(&mut watch).await, 6, "as if it were new");

        // A look that took long, and a pause of who looks.
        for pause in [false, true] {
            let mut watch = LeaseWatch::new(TIMING);
            assert!(!watch.looked(Instant::now(), &owned(1)));
            let began = Instant::now();
            advance(Duration::from_secs(9)).await;
            let began = if pause { Instant::now() } else { began };
            assert!(!watch.looked(began, &owned(1)), "pause: {pause}");
            advance(TIMING.interval).await;
            assert!(!watch.looked(Instant::now(), &owned(1)), "pause: {pause}");
        }
    }
}
