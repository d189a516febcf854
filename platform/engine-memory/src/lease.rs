//! Lease in memory.

use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;
use storage::{Lease, LeaseEpoch, LeasePart, LeaseState, StorageError};

/// Lease in memory, for processes that are simulated or tested in one. Clones are handles of the same lease.
///
/// ```
/// use engine_memory::MemoryLease;
/// use storage::Lease;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let lease = MemoryLease::default();
/// assert!(lease.clone().state().await.unwrap().is_free());
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct MemoryLease(Arc<Mutex<LeasePart>>);

impl Default for MemoryLease {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LeasePart { epoch: 0, renewals: 0, owner: None })))
    }
}

/// Whether this is the epoch of who has the lease.
fn is_held(part: &LeasePart, epoch: &LeaseEpoch) -> bool {
    part.owner.is_some() && epoch.0 == [part.epoch]
}

#[async_trait]
impl Lease for MemoryLease {
    async fn state(&self) -> Result<LeaseState, StorageError> {
        Ok(LeaseState(vec![self.0.lock().clone()]))
    }

    async fn take(
        &self,
        seen: &LeaseState,
        owner: &str,
    ) -> Result<Option<LeaseEpoch>, StorageError> {
        let mut part = self.0.lock();
        if *seen.0 != [part.clone()] {
            return Ok(None);
        }
        let epoch = part.epoch + 1;
        *part = LeasePart { epoch, renewals: 0, owner: Some(owner.to_owned()) };
        Ok(Some(LeaseEpoch(vec![epoch])))
    }

    async fn renew(&self, epoch: &LeaseEpoch) -> Result<bool, StorageError> {
        let mut part = self.0.lock();
        let is_held = is_held(&part, epoch);
        if is_held {
            part.renewals += 1;
        }
        Ok(is_held)
    }

    async fn release(&self, epoch: &LeaseEpoch) -> Result<(), StorageError> {
        let mut part = self.0.lock();
        if is_held(&part, epoch) {
            part.owner = None;
        }
        Ok(())
    }
}
