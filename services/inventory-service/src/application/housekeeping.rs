//! What keeps the books tidy: writing down the end of holds, and snapshots.

use super::{Books, Refused, books::Decision};
use std::{sync::Arc, time::Duration};
use storage::StorageError;

/// How often the house is kept. Nobody waits for it: a hold ends by the clock.
const EVERY: Duration = Duration::from_secs(1);
/// How many holds are ended in one go, so that nobody waits long for the books.
const ENDED_AT_ONCE_MAX: usize = 64;
/// After how many events a snapshot is taken: as many as a start reads in a few milliseconds.
pub(super) const SNAPSHOT_EVERY_EVENTS: usize = 10_000;

/// Keeps the house until it is dropped.
pub(crate) async fn keep_house(books: Arc<Books>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = books.sweep().await {
            tracing::warn!(%error, "ended holds could not be written down; trying again");
        }
        if let Err(error) = books.save(SNAPSHOT_EVERY_EVENTS).await {
            tracing::warn!(%error, "no snapshot of the books could be taken; trying again");
        }
    }
}

impl Books {
    /// Writes down the end of every hold whose time is over.
    pub(crate) async fn sweep(&self) -> Result<(), Refused> {
        loop {
            let over = |ledger: &crate::domain::Ledger, now| ledger.due(now).next().is_some();
            if !self.read(over).await? {
                return Ok(());
            }
            let expire =
                |ledger: &crate::domain::Ledger, now| Ok(ledger.expire(now, ENDED_AT_ONCE_MAX));
            self.write(Decision::default(), expire, |_, _| ()).await?;
        }
    }

    /// Takes a snapshot when there are `events` that none has yet.
    pub(crate) async fn save(&self, events: usize) -> Result<(), StorageError> {
        let Some((ledger, position)) = self.due_for_saving(events).await else { return Ok(()) };
        self.log().save(ledger, position).await
    }
}
