//! Stock ledger: the in-memory ledger state, its repository, and one lock over both.

use crate::{
    domain::{Event, LedgerState, Rejection},
    ports::{EventBatch, LedgerRepository, LoadedLedger, RepositoryError},
};
use identifiers::{HoldId, Sku};
use journal::ExecuteError;
use kernel::{Ids, Timestamp, Uuid};
use std::sync::Arc;
use storage::{Commit, CommitError, StorageError, durability};
use tokio::sync::{Mutex, MutexGuard};

/// Upper bound of retries after an optimistic-concurrency conflict.
const ATTEMPTS_MAX: usize = 4;

/// Single-writer stock ledger: the stock of all SKUs, the holds on it, and the event repository they are folded from.
///
/// The order of decisions must equal the order of the events: otherwise the same units could be promised twice, or a
/// replay could arrive at another state than the one that was decided on. Deciding and appending therefore happen under
/// one lock. An append takes its position in the journal and returns before the flush, so the lock is held for
/// microseconds and a contended SKU costs no more than any other. The caller waits for the flush later, at the boundary.
pub(crate) struct StockLedger {
    repository: Arc<dyn LedgerRepository>,
    ids: Ids,
    inner: Mutex<Inner>,
}

/// Mutable part of the stock ledger, guarded by its lock.
struct Inner {
    state: LedgerState,
    position: u64,
    /// Commit handle of the last append: everything read from the state depends on it.
    last_commit: Commit,
    /// Number of events that no snapshot includes yet.
    unsaved_events: usize,
    /// Whether the state must be reloaded: an append began and its outcome is unknown, or another writer appended.
    is_stale: bool,
}

/// Reason why the ledger did not do what it was asked: the domain rejected the command, or the repository failed.
pub(crate) type StockError = ExecuteError<Rejection>;

/// Options of one command execution.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WriteOptions {
    /// The hold that must be in memory for the decision, if it ever existed.
    pub(crate) hold: Option<HoldId>,
    /// The identifier of the first event, when the caller named the operation.
    pub(crate) operation: Option<Uuid>,
}

impl StockLedger {
    /// Ledger loaded from the repository.
    pub(crate) async fn open(
        repository: Arc<dyn LedgerRepository>,
        ids: Ids,
    ) -> Result<Self, StorageError> {
        let inner = Mutex::new(Inner::from(repository.load().await?));
        Ok(Self { repository, ids, inner })
    }

    /// Query of the current state; the answer depends on the last append.
    pub(crate) async fn read<T>(
        &self,
        query: impl FnOnce(&LedgerState, Timestamp) -> T,
    ) -> Result<T, StorageError> {
        let inner = self.lock_current().await?;
        durability::depend_on(&inner.last_commit);
        Ok(query(&inner.state, self.ids.now()))
    }

    /// Command execution: decide, append, then answer from the new state. A rejection depends on the last append as
    /// well: the event that caused it might be lost in a crash.
    pub(crate) async fn execute<T>(
        &self,
        WriteOptions { hold, operation }: WriteOptions,
        decide: impl Fn(&LedgerState, Timestamp) -> Result<Vec<Event>, Rejection>,
        respond: impl FnOnce(&LedgerState, Timestamp) -> T,
    ) -> Result<T, StockError> {
        for _ in 0..ATTEMPTS_MAX {
            let mut inner = self.lock_current().await?;
            durability::depend_on(&inner.last_commit);
            if let Some(id) = hold {
                self.load_hold(&mut inner, id).await?;
            }
            let now = self.ids.now();
            let events = decide(&inner.state, now).map_err(StockError::Rejected)?;
            if self.append(&mut inner, events, operation, now).await? {
                return Ok(respond(&inner.state, now));
            }
        }
        Err(StorageError::Unavailable("the journal and the ledger disagree".to_owned()).into())
    }

    /// Position of the last event that moved units of a SKU, once that event is flushed; 0 when there is none.
    pub(crate) async fn last_movement(&self, sku: &Sku) -> Result<u64, StorageError> {
        let inner = self.lock_current().await?;
        let (last, commit) = (inner.state.last_movement(sku), inner.last_commit.clone());
        drop(inner);
        commit.wait().await.map_err(lost)?;
        Ok(last)
    }

    /// State to save as a snapshot, if the ledger has grown by at least `events` events and by as many as it has
    /// entries: the cost of a snapshot is then amortised over that many events, however large the shop is.
    pub(super) async fn snapshot_if_due(&self, events: usize) -> Option<(LedgerState, u64)> {
        let mut inner = self.inner.lock().await;
        if inner.unsaved_events < events.max(inner.state.entry_count()) || inner.is_stale {
            return None;
        }
        inner.unsaved_events = 0;
        Some((inner.state.clone(), inner.position))
    }

    pub(super) fn repository(&self) -> &dyn LedgerRepository {
        &*self.repository
    }

    /// Append of the events, one batch after the other. Returns `false` on a conflict; the missing hold has then been
    /// loaded, or the state is marked stale.
    async fn append(
        &self,
        inner: &mut Inner,
        events: Vec<Event>,
        operation: Option<Uuid>,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        for event in events {
            let (hold, expected) = (event.hold(), inner.state.version(&event));
            let derived = inner.state.availability_changes(&event);
            let events: Vec<Arc<Event>> =
                std::iter::once(event).chain(derived).map(Arc::new).collect();
            // The caller may be cancelled in the middle of an append; its outcome is then unknown.
            inner.is_stale = true;
            let batch = EventBatch { events: &events, expected, operation, at };
            match self.repository.append(batch).await {
                Ok(receipt) => {
                    let first = receipt.position + 1 - events.len() as u64;
                    for (position, event) in (first..).zip(&events) {
                        inner.state.apply_at(event, position);
                    }
                    (inner.position, inner.last_commit) = (receipt.position, receipt.commit);
                    inner.unsaved_events += events.len();
                    inner.is_stale = false;
                }
                Err(RepositoryError::Conflict) => {
                    // A hold that ended long ago has been evicted from memory. Any other conflict is another writer.
                    if let Some(id) = hold.filter(|_| expected == 0) {
                        inner.is_stale = false;
                        self.load_hold(inner, id).await?;
                    }
                    return Ok(false);
                }
                Err(RepositoryError::Storage(error)) => {
                    inner.is_stale = !matches!(error, StorageError::Full);
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    /// Load of an evicted hold from its own stream.
    async fn load_hold(&self, inner: &mut Inner, id: HoldId) -> Result<(), StorageError> {
        if inner.state.hold(id).is_none()
            && let Some(hold) = self.repository.load_hold(id).await?
        {
            inner.state.cache_hold(hold);
        }
        Ok(())
    }

    /// Lock on an up-to-date state, reloaded from the repository if it is stale.
    async fn lock_current(&self) -> Result<MutexGuard<'_, Inner>, StorageError> {
        let mut inner = self.inner.lock().await;
        if inner.is_stale {
            tracing::warn!("the stock ledger is stale; reloading it from the journal");
            inner.last_commit.wait().await.map_err(lost)?;
            *inner = Inner::from(self.repository.load().await?);
        }
        Ok(inner)
    }
}

fn lost(error: CommitError) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

impl From<LoadedLedger> for Inner {
    fn from(LoadedLedger { state, position, events_since_snapshot }: LoadedLedger) -> Self {
        Self {
            state,
            position,
            last_commit: Commit::durable(),
            unsaved_events: events_since_snapshot,
            is_stale: false,
        }
    }
}

impl std::fmt::Debug for StockLedger {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StockLedger").finish_non_exhaustive()
    }
}
