//! Retention: deletes activities older than the retention period of their kind, in small batches.

use super::{ActivityKind, AuditLog, ByKind, chunk_store::ChunkStore};
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
use storage::{IndexPosition, StorageError};

/// Interval between two retention runs.
const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
/// Upper bound of chunks deleted in one batch.
const RETENTION_BATCH_MAX: usize = 500;
/// Pause between two batches: new activities take precedence.
const RETENTION_PAUSE: Duration = Duration::from_millis(100);

/// Retention of the audit log: for each kind a period, or none to keep its activities forever.
#[derive(Debug)]
pub(crate) struct Retention {
    pub(crate) audit_log: Arc<AuditLog>,
    pub(crate) ids: Ids,
    pub(crate) periods: ByKind<Option<Duration>>,
}

impl Retention {
    /// Retention loop; runs until the future is dropped.
    pub(crate) async fn run(self) {
        let mut mixed = None;
        loop {
            let is_more_left = match self.delete_batch(&mut mixed).await {
                Ok(is_more_left) => is_more_left,
                Err(error) => {
                    tracing::warn!(%error, "old activities could not be deleted");
                    false
                }
            };
            tokio::time::sleep(if is_more_left { RETENTION_PAUSE } else { RETENTION_INTERVAL })
                .await;
        }
    }

    /// Deletes a batch of each kind. Returns whether more may be left to delete.
    async fn delete_batch(&self, mixed: &mut Option<IndexPosition>) -> Result<bool, StorageError> {
        let [reported, of_events] = self.audit_log.stores();
        let mut is_more_left = self.delete_kinds(reported).await?;
        // Chunks of early versions mix kinds; most of their activities are about orders.
        if let Some(until) = self.until(self.periods.order) {
            let after = mixed.take();
            let (deleted, next) =
                self.audit_log.delete_mixed_before(until, after, RETENTION_BATCH_MAX).await?;
            is_more_left |= deleted > 0 && next.is_some();
            *mixed = next;
        }
        // Last, as it may be on a server that is away.
        is_more_left |= self.delete_kinds(of_events).await?;
        Ok(is_more_left)
    }

    /// Deletes a batch of each kind from a store. Returns whether more may be left to delete.
    async fn delete_kinds(&self, store: &ChunkStore) -> Result<bool, StorageError> {
        let mut is_more_left = false;
        for kind in ActivityKind::ALL {
            if let Some(until) = self.until(self.periods.of(kind)) {
                let deleted = store.delete_before(kind, until, RETENTION_BATCH_MAX).await?;
                is_more_left |= deleted == RETENTION_BATCH_MAX;
            }
        }
        Ok(is_more_left)
    }

    /// End of what has to be deleted now; `None` when the period is unlimited or reaches beyond the earliest timestamp.
    fn until(&self, period: Option<Duration>) -> Option<Timestamp> {
        self.ids.now().checked_sub(period?).ok()
    }
}
