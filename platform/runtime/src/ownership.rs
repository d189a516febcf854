//! Ownership by lease: the process that owns its services serves them, and others with the same services stand by.

use storage::{Lease, LeaseEpoch, LeaseState, LeaseTiming, LeaseWatch, StorageError};
use tokio::time::{Instant, sleep};

/// Waits until the lease is free or its owner is gone, and takes it as `owner`. Returns at once where nobody has it.
///
/// A store that does not answer is waited for, without end.
///
/// ```
/// use engine_memory::MemoryLease;
/// use runtime::{acquire_lease, keep_lease};
/// use storage::{Lease, LeaseTiming};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let (lease, timing) = (MemoryLease::default(), LeaseTiming::default());
/// let lost = acquire_lease(&lease, "first", timing).await;
/// // It does not renew the lease, so another one has it soon.
/// let epoch = acquire_lease(&lease, "second", timing).await;
/// keep_lease(&lease, &lost, timing).await;
/// assert_eq!(lease.state().await.unwrap().owner(), Some("second"));
/// # });
/// ```
pub async fn acquire_lease(lease: &dyn Lease, owner: &str, timing: LeaseTiming) -> LeaseEpoch {
    let mut watch = LeaseWatch::new(timing);
    let mut told = LeaseLog::default();
    loop {
        let began = Instant::now();
        match looked(lease, owner, &mut watch, began, &mut told).await {
            Ok(Some(epoch)) => {
                tracing::info!(epoch = ?epoch.0, "this process owns its services now");
                return epoch;
            }
            Ok(None) => told.answered(),
            Err(error) => {
                watch.failed();
                told.failed(&error);
            }
        }
        sleep(timing.interval).await;
    }
}

/// Takes the lease at once if `owner` has it: this process is the next start of a process that is gone, as it has its name. `None` where somebody
/// else has it, or nobody.
///
/// # Errors
///
/// Those of the store.
pub async fn reclaim_lease(
    lease: &dyn Lease,
    owner: &str,
) -> Result<Option<LeaseEpoch>, StorageError> {
    let state = lease.state().await?;
    let is_own = state.0.iter().all(|part| part.owner.as_deref() == Some(owner));
    if is_own || kernel::defects::planted("lease_of_others_reclaimed") {
        return lease.take(&state, owner).await;
    }
    Ok(None)
}

/// Looks once, and takes the lease if it may be taken.
async fn looked(
    lease: &dyn Lease,
    owner: &str,
    watch: &mut LeaseWatch,
    began: Instant,
    told: &mut LeaseLog,
) -> Result<Option<LeaseEpoch>, StorageError> {
    let state = lease.state().await?;
    if watch.looked(began, &state) {
        return lease.take(&state, owner).await;
    }
    told.owner(&state);
    Ok(None)
}

/// Renews the lease; returns when another process has it. A store that does not answer is asked again: whoever else wants the lease cannot
/// take it either, or has taken it, and then the store will say so.
pub async fn keep_lease(lease: &dyn Lease, epoch: &LeaseEpoch, timing: LeaseTiming) {
    let mut told = LeaseLog::default();
    loop {
        match lease.renew(epoch).await {
            Ok(true) => told.answered(),
            Ok(false) if kernel::defects::planted("lost_lease_unnoticed") => {}
            Ok(false) => return,
            Err(error) => told.failed(&error),
        }
        sleep(timing.interval).await;
    }
}

/// What the log has been told, so that it is told once.
#[derive(Debug, Default)]
struct LeaseLog {
    owner: Option<String>,
    is_failing: bool,
}

impl LeaseLog {
    fn owner(&mut self, state: &LeaseState) {
        let owner = state.owner();
        if self.owner.as_deref() == owner {
            return;
        }
        if state.is_divided() {
            tracing::warn!(
                owner,
                "other processes own some of the services: this one stands by, and takes none of them before all of these are gone; give processes that replace each other the same services"
            );
        } else {
            tracing::info!(owner, "another process owns the services: this one stands by");
        }
        self.owner = owner.map(ToOwned::to_owned);
    }

    fn failed(&mut self, error: &StorageError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::warn!(%error, "the lease on the services cannot be read or renewed");
        }
    }

    fn answered(&mut self) {
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the lease on the services is answered for again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryLease;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };
    use tokio::task::JoinSet;

    /// Lease whose store is away now and then.
    #[derive(Clone, Debug, Default)]
    struct FailingLease {
        lease: MemoryLease,
        is_away: Arc<AtomicBool>,
    }

    impl FailingLease {
        fn check(&self) -> Result<(), StorageError> {
            let is_away = self.is_away.load(Ordering::Relaxed);
            if is_away { Err(StorageError::Unavailable("away".to_owned())) } else { Ok(()) }
        }
    }

    #[async_trait::async_trait]
    impl Lease for FailingLease {
        async fn state(&self) -> Result<LeaseState, StorageError> {
            self.check()?;
            self.lease.state().await
        }

        async fn take(
            &self,
            seen: &LeaseState,
            owner: &str,
        ) -> Result<Option<LeaseEpoch>, StorageError> {
            self.check()?;
            self.lease.take(seen, owner).await
        }

        async fn renew(&self, epoch: &LeaseEpoch) -> Result<bool, StorageError> {
            self.check()?;
            self.lease.renew(epoch).await
        }

        async fn release(&self, epoch: &LeaseEpoch) -> Result<(), StorageError> {
            self.check()?;
            self.lease.release(epoch).await
        }
    }

    const TIMING: LeaseTiming = LeaseTiming {
        duration: Duration::from_millis(1_500),
        interval: Duration::from_millis(250),
        look_max: Duration::from_millis(500),
    };

    /// Whether the lease is acquired within this time.
    async fn is_acquired_within(lease: &FailingLease, time: Duration) -> bool {
        tokio::time::timeout(time, acquire_lease(lease, "second", TIMING)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_has_the_lease_within_two_seconds_of_the_last_renewal() {
        let lease = FailingLease::default();
        let epoch = acquire_lease(&lease, "first", TIMING).await;
        let mut owner = JoinSet::new();
        let kept = lease.clone();
        owner.spawn(async move { keep_lease(&kept, &epoch, TIMING).await });
        assert!(!is_acquired_within(&lease, Duration::from_mins(1)).await, "it is renewed");
        owner.shutdown().await;
        assert!(is_acquired_within(&lease, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_away_changes_no_owner() {
        let lease = FailingLease::default();
        let epoch = acquire_lease(&lease, "first", TIMING).await;
        let mut owner = JoinSet::new();
        let kept = lease.clone();
        owner.spawn(async move { keep_lease(&kept, &epoch, TIMING).await });
        let mut waiting = JoinSet::new();
        let waiter = lease.clone();
        waiting.spawn(async move { acquire_lease(&waiter, "second", TIMING).await });
        for _ in 0..20 {
            sleep(Duration::from_millis(600)).await;
            lease.is_away.store(true, Ordering::Relaxed);
            sleep(Duration::from_secs(10)).await;
            lease.is_away.store(false, Ordering::Relaxed);
        }
        sleep(Duration::from_secs(1)).await;
        assert!(waiting.try_join_next().is_none() && owner.try_join_next().is_none());
        assert_eq!(lease.state().await.unwrap().owner(), Some("first"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_start_of_an_owner_need_not_wait_and_nobody_else_has_its_place() {
        let lease = MemoryLease::default();
        assert_eq!(reclaim_lease(&lease, "first").await.unwrap(), None, "nobody has it");
        let killed = acquire_lease(&lease, "first", TIMING).await;
        assert_eq!(reclaim_lease(&lease, "second").await.unwrap(), None);
        let next = reclaim_lease(&lease, "first").await.unwrap().expect("it is its own");
        assert!(!lease.renew(&killed).await.unwrap() && lease.renew(&next).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_that_was_paused_learns_that_it_is_none_any_more() {
        let lease = FailingLease::default();
        let first = acquire_lease(&lease, "first", TIMING).await;
        let second = acquire_lease(&lease, "second", TIMING).await;
        assert_ne!(first, second);
        keep_lease(&lease, &first, TIMING).await;
        lease.release(&first).await.unwrap();
        assert_eq!(lease.state().await.unwrap().owner(), Some("second"));
    }
}
