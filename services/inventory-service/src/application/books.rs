//! The books: one ledger, one log, and one lock over both.

use crate::{
    domain::{Event, HoldId, Ledger, Rejection},
    ports::{Entry, Log, LogError, Opening},
};
use kernel::{Ids, Timestamp, Uuid};
use std::sync::Arc;
use storage::{Commit, StorageError, durability};
use tokio::sync::{Mutex, MutexGuard};

/// How often a decision is made anew because the log knew more than the books.
const ATTEMPTS_MAX: usize = 4;

/// The stock of all SKUs, the holds on it, and the log they are folded from.
///
/// The order of decisions must be the order of the log: otherwise the same units could be decided on twice, or a
/// replay come to other books than those that were decided on. So deciding and appending happen under one lock. An
/// append takes its place in the log and returns before the flush, hence the lock is held for microseconds, and a
/// SKU that everybody wants costs no more than any other. Whoever asked waits for the flush later, at the boundary.
pub(crate) struct Books {
    log: Arc<dyn Log>,
    ids: Ids,
    open: Mutex<Open>,
}

struct Open {
    ledger: Ledger,
    position: u64,
    /// The last entry: whatever is read from the ledger depends on it.
    last: Commit,
    /// How many events no snapshot has yet.
    unsaved: usize,
    /// An append began and nobody saw how it ended, or somebody else wrote: the ledger cannot be trusted.
    doubtful: bool,
}

/// Why a use case did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How a decision is to be entered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decision {
    /// A hold that must be in the ledger for the decision, if it ever was.
    pub(super) about: Option<HoldId>,
    /// The id of the event, when the caller named the operation.
    pub(super) operation: Option<Uuid>,
}

impl Books {
    /// Opens the books as the log has them.
    pub(crate) async fn open(log: Arc<dyn Log>, ids: Ids) -> Result<Self, StorageError> {
        let open = Mutex::new(Open::from(log.opening().await?));
        Ok(Self { log, ids, open })
    }

    /// Looks at the ledger as it stands.
    pub(super) async fn read<T>(
        &self,
        look: impl FnOnce(&Ledger, Timestamp) -> T,
    ) -> Result<T, StorageError> {
        let open = self.trusted().await?;
        durability::depend_on(&open.last);
        Ok(look(&open.ledger, self.ids.now()))
    }

    /// Decides, enters what was decided, and shows what came of it. Also a refusal depends on the last entry: what
    /// made it necessary might be lost in a crash.
    pub(super) async fn write<T>(
        &self,
        Decision { about, operation }: Decision,
        decide: impl Fn(&Ledger, Timestamp) -> Result<Vec<Event>, Rejection>,
        show: impl FnOnce(&Ledger, Timestamp) -> T,
    ) -> Result<T, Refused> {
        for _ in 0..ATTEMPTS_MAX {
            let mut open = self.trusted().await?;
            durability::depend_on(&open.last);
            if let Some(id) = about {
                self.recall(&mut open, id).await?;
            }
            let now = self.ids.now();
            let events = decide(&open.ledger, now)?;
            if kernel::defects::planted("check_then_decrement") {
                drop(open);
                tokio::task::yield_now().await;
                open = self.trusted().await?;
            }
            if self.enter(&mut open, events, operation, now).await? {
                return Ok(show(&open.ledger, now));
            }
        }
        Err(StorageError::Unavailable("the log and the books disagree".to_owned()).into())
    }

    /// The books for a snapshot, if they have grown by `events` since the last one, and by as many as they have
    /// entries: what a snapshot costs is then shared by as many events, however large the shop is.
    pub(super) async fn due_for_saving(&self, events: usize) -> Option<(Ledger, u64)> {
        let mut open = self.open.lock().await;
        if open.unsaved < events.max(open.ledger.size()) || open.doubtful {
            return None;
        }
        open.unsaved = 0;
        Some((open.ledger.clone(), open.position))
    }

    pub(super) fn log(&self) -> &dyn Log {
        &*self.log
    }

    /// Enters events one after the other. `false` when the log knew of something that the ledger did not; the
    /// ledger has learnt it, or knows that it has to.
    async fn enter(
        &self,
        open: &mut Open,
        events: Vec<Event>,
        operation: Option<Uuid>,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        for event in events {
            let (hold, expected) = (event.hold(), open.ledger.version(&event));
            let told = open.ledger.told_by(&event);
            let events: Vec<Event> = std::iter::once(event).chain(told).collect();
            // Whoever asks may be gone in the middle of an append; then nobody sees how it ended.
            open.doubtful = true;
            let entry = Entry { events: &events, expected, operation, at };
            match self.log.append(entry).await {
                Ok(logged) => {
                    for event in &events {
                        open.ledger.apply(event);
                    }
                    (open.position, open.last) = (logged.position, logged.commit);
                    open.unsaved += events.len();
                    open.doubtful = false;
                }
                Err(LogError::Conflict) => {
                    // A hold that ended long ago is not in the ledger any more. Everything else is somebody else's.
                    if let Some(id) = hold.filter(|_| expected == 0) {
                        open.doubtful = false;
                        self.recall(open, id).await?;
                    }
                    return Ok(false);
                }
                Err(LogError::Storage(error)) => {
                    open.doubtful = !matches!(error, StorageError::Full);
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    /// Reads a hold that is not in the ledger any more from its own stream.
    async fn recall(&self, open: &mut Open, id: HoldId) -> Result<(), StorageError> {
        if open.ledger.hold(id).is_none()
            && let Some(hold) = self.log.hold(id).await?
        {
            open.ledger.remember(hold);
        }
        Ok(())
    }

    /// The open books, read anew from the log when they are in doubt.
    async fn trusted(&self) -> Result<MutexGuard<'_, Open>, StorageError> {
        let mut open = self.open.lock().await;
        if open.doubtful {
            tracing::warn!("the books are in doubt and are read anew");
            let lost = |error: storage::CommitError| StorageError::Unavailable(error.to_string());
            open.last.wait().await.map_err(lost)?;
            *open = Open::from(self.log.opening().await?);
        }
        Ok(open)
    }
}

impl From<Opening> for Open {
    fn from(Opening { ledger, position, events }: Opening) -> Self {
        Self { ledger, position, last: Commit::durable(), unsaved: events, doubtful: false }
    }
}

impl std::fmt::Debug for Books {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Books").finish_non_exhaustive()
    }
}
