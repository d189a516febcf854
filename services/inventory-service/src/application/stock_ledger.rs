//! Stock ledger: the in-memory ledger state, its repository, and one lock over both.

use super::submission::{Submission, Submitted};
use crate::{
    domain::{Event, LedgerState, MovementLink, Rejection},
    ports::{EventBatch, LedgerRepository, LoadedLedger, RepositoryError, SubmittedAppend},
};
use futures_util::poll;
use identifiers::{HoldId, Sku};
use journal::{AppendSequence, ExecuteError};
use kernel::{Ids, Timestamp, Uuid};
use std::{sync::Arc, task::Poll};
use storage::{CommitError, StorageError, durability};
use tokio::sync::{Mutex, MutexGuard};

/// Upper bound of attempts: each but the first follows an append that was not accepted, of this command or of one before it.
const ATTEMPTS_MAX: usize = 8;

/// Single-writer stock ledger: the stock of all SKUs, the holds on it, and the event repository they are folded from.
///
/// The order of decisions must equal the order of the events: otherwise the same units could be promised twice, or a
/// replay could arrive at another state than the one that was decided on. Deciding and submitting the append therefore happen under
/// one lock, which is not held for the answer: an engine behind a network answers after a round trip and a flush, and the next
/// decision is made meanwhile, on the state with these events in it. The appends are a [sequence](AppendSequence), of which the
/// engine accepts a prefix. When one is not accepted, the state is loaded again, and whoever decided on it decides again. The caller
/// waits for its append and all before it; for the flush, where that is apart, it waits at the boundary.
pub(crate) struct StockLedger {
    repository: Arc<dyn LedgerRepository>,
    ids: Ids,
    inner: Mutex<Inner>,
}

/// Mutable part of the stock ledger, guarded by its lock.
struct Inner {
    state: LedgerState,
    /// Appends since the state was loaded: everything read from the state depends on them.
    sequence: AppendSequence,
    /// Number of events that no snapshot includes yet.
    unsaved_events: usize,
    /// Whether the state must be loaded again: the outcome of an append is unknown, or another writer appended.
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

    /// Query of the current state; the answer depends on the appends so far.
    pub(crate) async fn read<T>(
        &self,
        query: impl Fn(&LedgerState, Timestamp) -> T,
    ) -> Result<T, StorageError> {
        for _ in 0..ATTEMPTS_MAX {
            let inner = self.lock_current().await?;
            let answer = query(&inner.state, self.ids.now());
            let accepted = inner.sequence.accepted();
            drop(inner);
            if let Ok(commit) = accepted.await {
                durability::depend_on(&commit);
                return Ok(answer);
            }
        }
        Err(disagreement())
    }

    /// Command execution: decide, append, then answer from the new state. A rejection depends on the appends so far as
    /// well: the event that caused it might not be accepted, or be lost in a crash.
    pub(crate) async fn execute<T>(
        &self,
        WriteOptions { hold, operation }: WriteOptions,
        decide: impl Fn(&LedgerState, Timestamp) -> Result<Vec<Event>, Rejection>,
        respond: impl Fn(&LedgerState, Timestamp) -> T,
    ) -> Result<T, StockError> {
        for _ in 0..ATTEMPTS_MAX {
            let mut inner = self.lock_current().await?;
            if let Some(id) = hold {
                self.load_hold(&mut inner, id).await?;
            }
            let now = self.ids.now();
            let mut submitted = Submitted::default();
            let answer = match decide(&inner.state, now) {
                Err(rejection) => Err(StockError::Rejected(rejection)),
                Ok(events) => {
                    if !self.submit(&mut inner, events, operation, now, &mut submitted).await? {
                        continue;
                    }
                    Ok(respond(&inner.state, now))
                }
            };
            let sequence = inner.sequence.clone();
            let accepted = sequence.accepted();
            drop(inner);
            if submitted.answers().await? {
                self.settle(&sequence, submitted).await;
            }
            if let Ok(commit) = accepted.await {
                durability::depend_on(&commit);
                return answer;
            }
        }
        Err(disagreement().into())
    }

    /// The last event that moved units of a SKU, once it is flushed.
    pub(crate) async fn last_movement(&self, sku: &Sku) -> Result<MovementLink, StorageError> {
        for _ in 0..ATTEMPTS_MAX {
            let inner = self.lock_current().await?;
            let (last, accepted) = (inner.state.last_movement(sku), inner.sequence.accepted());
            drop(inner);
            if let Ok(commit) = accepted.await {
                commit.wait().await.map_err(lost)?;
                return Ok(last);
            }
        }
        Err(disagreement())
    }

    /// State to save as a snapshot, if the ledger has grown by at least `events` events and by as many as it has
    /// entries: the cost of a snapshot is then amortised over that many events, however large the shop is.
    pub(super) async fn snapshot_if_due(&self, events: usize) -> Option<(LedgerState, u64)> {
        let mut inner = self.inner.lock().await;
        if inner.unsaved_events < events.max(inner.state.entry_count()) || inner.is_stale {
            return None;
        }
        // Its position is that of the last append, and known once that is accepted: nothing is submitted meanwhile.
        let _ = inner.sequence.accepted().await.ok()?;
        inner.unsaved_events = 0;
        Some((inner.state.clone(), inner.sequence.last_position()))
    }

    pub(super) fn repository(&self) -> &dyn LedgerRepository {
        &*self.repository
    }

    /// Submission of the events, one batch after the other. Returns `false` on a conflict that is known already; the missing hold has
    /// then been loaded, or the state is loaded again before it is used.
    async fn submit<'a>(
        &'a self,
        inner: &mut Inner,
        events: Vec<Event>,
        operation: Option<Uuid>,
        at: Timestamp,
        submitted: &mut Submitted<'a>,
    ) -> Result<bool, StorageError> {
        for event in events {
            let (hold, expected) = (event.hold(), inner.state.version(&event));
            let derived = inner.state.availability_changes(&event);
            let events: Vec<Arc<Event>> =
                std::iter::once(event).chain(derived).map(Arc::new).collect();
            let is_alone = inner.sequence.is_accepted();
            let place = inner.sequence.next();
            let batch = EventBatch { events: &events, expected, operation, at, place };
            let mut append = self.repository.append(batch)?;
            // Submitted by one poll: the lock is held until then, and not for the answer.
            let answer = match poll!(&mut append) {
                Poll::Ready(answer) => answer,
                Poll::Pending => {
                    submitted.add(inner.apply_unanswered(append, events, hold, expected));
                    continue;
                }
            };
            match answer {
                Ok(receipt) => inner.apply(&events, receipt.position),
                Err(RepositoryError::Storage(error)) => {
                    inner.not_accepted(is_alone, matches!(error, StorageError::Full));
                    return Err(error);
                }
                Err(RepositoryError::Conflict | RepositoryError::OutOfSequence) => {
                    // A hold that ended long ago has been evicted from memory. Any other conflict is another writer.
                    let evicted = hold.filter(|_| expected == 0 && is_alone);
                    inner.not_accepted(is_alone, evicted.is_some());
                    if let Some(id) = evicted {
                        self.load_hold(inner, id).await?;
                    }
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The positions of accepted events, for the links that lead to them.
    async fn settle(&self, sequence: &AppendSequence, submitted: Submitted<'_>) {
        let mut inner = self.inner.lock().await;
        // A state that was loaded since knows them.
        if inner.sequence == *sequence {
            submitted.settle(&mut inner.state);
        }
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

    /// Lock on an up-to-date state, loaded from the repository if it is stale.
    async fn lock_current(&self) -> Result<MutexGuard<'_, Inner>, StorageError> {
        let mut inner = self.inner.lock().await;
        if inner.is_stale || inner.sequence.is_broken() {
            tracing::warn!("the stock ledger is stale; loading it again from the journal");
            // Nothing more of a broken sequence is accepted.
            inner.sequence.last_commit().wait().await.map_err(lost)?;
            *inner = Inner::from(self.repository.load().await?);
        }
        Ok(inner)
    }
}

impl Inner {
    /// Application of accepted events, of which the last one has this position.
    fn apply(&mut self, events: &[Arc<Event>], last: u64) {
        let first = last + 1 - events.len() as u64;
        for (position, event) in (first..).zip(events) {
            self.state.apply_at(event, MovementLink::Position(position));
        }
        self.unsaved_events += events.len();
    }

    /// Application of events whose append is not answered yet.
    fn apply_unanswered<'a>(
        &mut self,
        append: SubmittedAppend<'a>,
        events: Vec<Arc<Event>>,
        hold: Option<HoldId>,
        expected: u64,
    ) -> Submission<'a> {
        // Only the first of them moves units; the others are derived from it.
        let link = MovementLink::Version(hold, expected + 1);
        for event in &events {
            self.state.apply_at(event, link);
        }
        self.unsaved_events += events.len();
        Submission { append, events, link }
    }

    /// The end of the sequence at an append that was not accepted and had nothing unanswered before it: the state is still that of
    /// the journal where nothing of it was stored for certain. An append that was given back ends nothing.
    fn not_accepted(&mut self, is_alone: bool, nothing_stored: bool) {
        if is_alone && !self.sequence.is_accepted() {
            self.is_stale = !nothing_stored;
            self.sequence = self.sequence.renewed();
        }
    }
}

fn disagreement() -> StorageError {
    StorageError::Unavailable("the journal and the ledger disagree".to_owned())
}

fn lost(error: CommitError) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

impl From<LoadedLedger> for Inner {
    fn from(LoadedLedger { state, position, events_since_snapshot }: LoadedLedger) -> Self {
        Self {
            state,
            sequence: AppendSequence::after(position),
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
