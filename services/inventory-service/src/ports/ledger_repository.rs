//! Ledger repository: loads and stores the event-sourced stock ledger.

use crate::domain::{Event, Hold, LedgerState};
use async_trait::async_trait;
use identifiers::HoldId;
use journal::SequencePlace;
use kernel::{Timestamp, Uuid};
use std::{pin::Pin, sync::Arc};
use storage::StorageError;

/// Atomic batch of events of one stream: one domain event and the events derived from it.
#[derive(Debug)]
pub(crate) struct EventBatch<'a> {
    /// At least one.
    pub(crate) events: &'a [Arc<Event>],
    /// The expected version of the stream: its number of events before these.
    pub(crate) expected: u64,
    /// The identifier of the first event, when the caller named the operation.
    pub(crate) operation: Option<Uuid>,
    pub(crate) at: Timestamp,
    /// Place among the appends that the ledger has submitted.
    pub(crate) place: SequencePlace,
}

/// Append that is submitted; its answer is still to come, perhaps at once.
pub(crate) type SubmittedAppend<'a> =
    Pin<Box<dyn Future<Output = Result<AppendReceipt, RepositoryError>> + Send + 'a>>;

/// Receipt of an accepted append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendReceipt {
    /// Position of its last event.
    pub(crate) position: u64,
}

/// Error of an append.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepositoryError {
    /// The stream is not at the expected version.
    #[error("another writer appended to the stream")]
    Conflict,
    /// An append on whose state this one was decided was not accepted.
    #[error("an append before it was not accepted")]
    OutOfSequence,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Ledger state as loaded: the last snapshot and the events behind it.
#[derive(Debug)]
pub(crate) struct LoadedLedger {
    pub(crate) state: LedgerState,
    pub(crate) position: u64,
    /// Number of events that the last snapshot did not include.
    pub(crate) events_since_snapshot: usize,
}

/// Repository of the stock ledger.
#[async_trait]
pub(crate) trait LedgerRepository: Send + Sync {
    /// Append of a batch. It is submitted by the first poll, and decided on in the order of the places; the commit handle says when
    /// it is durable.
    ///
    /// # Errors
    ///
    /// When the events cannot be encoded; the place is given back then.
    fn append<'a>(&'a self, batch: EventBatch<'_>) -> Result<SubmittedAppend<'a>, StorageError>;

    /// A hold folded from its own stream, durable or not; `None` when the stream is empty.
    async fn load_hold(&self, id: HoldId) -> Result<Option<Hold>, StorageError>;

    /// The ledger state after all durable events.
    async fn load(&self) -> Result<LoadedLedger, StorageError>;

    /// Snapshot of the state at `position`, so that the next start is quick.
    async fn save_snapshot(&self, state: LedgerState, position: u64) -> Result<(), StorageError>;
}
