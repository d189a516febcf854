//! Background maintenance: expiry of due holds, and snapshots.

use super::{StockError, StockLedger, stock_ledger::WriteOptions};
use std::{sync::Arc, time::Duration};
use storage::StorageError;

/// Interval of the maintenance task. Nothing waits for it: a hold expires by the clock.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);
/// Most holds expired under one lock, so that requests do not wait long for the ledger.
const EXPIRY_BATCH_MAX: usize = 64;
/// Events between two snapshots: as many as a start replays in a few milliseconds.
pub(super) const SNAPSHOT_EVERY_EVENTS: usize = 10_000;

/// Maintenance loop; runs until the future is dropped.
pub(crate) async fn maintain(stock_ledger: Arc<StockLedger>) {
    loop {
        tokio::time::sleep(MAINTENANCE_INTERVAL).await;
        if let Err(error) = stock_ledger.expire_due_holds().await {
            tracing::warn!(%error, "due holds could not be expired; retrying");
        }
        if let Err(error) = stock_ledger.save_snapshot_if_due(SNAPSHOT_EVERY_EVENTS).await {
            tracing::warn!(%error, "the ledger snapshot could not be saved; retrying");
        }
    }
}

impl StockLedger {
    /// Records the expiry of every due hold.
    pub(crate) async fn expire_due_holds(&self) -> Result<(), StockError> {
        loop {
            let has_due =
                |ledger: &crate::domain::LedgerState, now| ledger.due_holds(now).next().is_some();
            if !self.read(has_due).await? {
                return Ok(());
            }
            let expire =
                |ledger: &crate::domain::LedgerState, now| Ok(ledger.expire(now, EXPIRY_BATCH_MAX));
            self.execute(WriteOptions::default(), expire, |_, _| ()).await?;
        }
    }

    /// Saves a snapshot if at least `events` events are in none.
    pub(crate) async fn save_snapshot_if_due(&self, events: usize) -> Result<(), StorageError> {
        let Some((state, position)) = self.snapshot_if_due(events).await else { return Ok(()) };
        self.repository().save_snapshot(state, position).await
    }
}
