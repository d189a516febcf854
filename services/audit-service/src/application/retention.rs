//! Retention: deletes activities older than the retention period, in small batches.

use super::AuditLog;
use kernel::Ids;
use std::{sync::Arc, time::Duration};

/// Interval between two retention runs.
const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
/// Upper bound of chunks deleted in one batch.
const RETENTION_BATCH_MAX: usize = 500;
/// Pause between two batches: new activities take precedence.
const RETENTION_PAUSE: Duration = Duration::from_millis(100);

/// Retention loop; runs until the future is dropped.
pub(crate) async fn run_retention(audit_log: Arc<AuditLog>, ids: Ids, retention: Duration) {
    loop {
        // A clock before the earliest timestamp keeps everything.
        let deleted = match ids.now().checked_sub(retention) {
            Ok(until) => audit_log.delete_before(until, RETENTION_BATCH_MAX).await,
            Err(_) => Ok(0),
        };
        let pause = match deleted {
            Ok(RETENTION_BATCH_MAX..) => RETENTION_PAUSE,
            Ok(_) => RETENTION_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "old activities could not be deleted");
                RETENTION_INTERVAL
            }
        };
        tokio::time::sleep(pause).await;
    }
}
