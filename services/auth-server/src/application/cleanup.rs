//! Cleanup by expiry: sessions, counters and remembered identifiers that have expired, and grants whose last token has ended.

use super::{grants::Grants, tokens::sweep};
use kernel::Ids;
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// Most batches of one round.
const BATCHES_MAX: usize = 20;

/// Cleanup of the provider.
#[derive(Debug)]
pub(crate) struct Cleanup {
    pub(crate) grants: Arc<Grants>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
}

impl Cleanup {
    /// Cleans up for ever. After an error it goes on in the next round.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "what has expired is kept for now");
            }
        }
    }

    async fn round(&self) -> Result<(), StorageError> {
        for _ in 0..BATCHES_MAX {
            let swept = sweep(&*self.values, &self.ids).await?;
            let deleted = self.grants.delete_ended().await?;
            if swept + deleted == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
