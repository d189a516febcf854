//! Where the books are written down.

use crate::domain::{Event, Hold, HoldId, Ledger};
use async_trait::async_trait;
use kernel::{Timestamp, Uuid};
use storage::{Commit, StorageError};

/// One happening with what is told because of it: events of one stream that are true together or not at all.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// At least one.
    pub(crate) events: &'a [Event],
    /// How many events the stream has before these.
    pub(crate) expected: u64,
    /// The id of the first event, when the caller named the operation.
    pub(crate) operation: Option<Uuid>,
    pub(crate) at: Timestamp,
}

/// An entry that was taken.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) position: u64,
    pub(crate) commit: Commit,
}

/// Why an entry was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// The stream has other events than the books say.
    #[error("somebody else wrote to the stream")]
    Conflict,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The books at a start.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) ledger: Ledger,
    pub(crate) position: u64,
    /// How many events came after the last snapshot.
    pub(crate) events: usize,
}

/// The log the books are folded from.
#[async_trait]
pub(crate) trait Log: Send + Sync {
    /// Takes an entry at once, in the order of the calls; the commit says when it is durable.
    async fn append(&self, entry: Entry<'_>) -> Result<Logged, LogError>;

    /// A hold as its own events tell it, durable or not; `None` when it has none.
    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, StorageError>;

    /// The books after all that is durable.
    async fn opening(&self) -> Result<Opening, StorageError>;

    /// Keeps the books as they stood at `position`, so that the next start is quick.
    async fn save(&self, ledger: Ledger, position: u64) -> Result<(), StorageError>;
}
