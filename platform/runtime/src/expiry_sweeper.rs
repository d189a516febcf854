//! Expiry sweeper: deletes expired key-value records of every service in small batches.

use kernel::Ids;
use std::{sync::Arc, time::Duration};
use storage::KeyValue;
use tokio::time::sleep;

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// Maximum number of records of one batch.
const VALUES_MAX: usize = 1_000;

/// Sweeps for ever. After an error it continues in the next round; expired records are invisible to reads in any case.
pub(crate) async fn sweep(service: &'static str, values: Arc<dyn KeyValue>, ids: Ids) {
    loop {
        sleep(PAUSE).await;
        loop {
            match values.sweep(ids.now(), VALUES_MAX).await {
                Ok(VALUES_MAX) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(service, %error, "expired values are kept for now");
                    break;
                }
            }
        }
    }
}
