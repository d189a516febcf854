//! Begins sagas, wakes them, and knows the unfinished ones.

use crate::{
    BACKGROUND_MAX, RetryPolicy, Saga, SagaInput, SagaLog, SagaState, SagaStatus, SagaSummary,
    UNFINISHED_MAX,
    events::{Outcome, SavedSaga},
    executor::{Entry, Run},
    status_cell::StatusCell,
};
use async_trait::async_trait;
use journal::AppendError;
use kernel::{Timestamp, Uuid};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, atomic::Ordering},
};
use storage::StorageError;
use tokio::sync::{Notify, Semaphore};

/// Runs the sagas of one kind. Clones are the same runner.
pub struct Runner<C: SagaInput>(pub(crate) Arc<Parts<C>>);

pub(crate) struct Parts<C: SagaInput> {
    pub(crate) saga: Saga<C>,
    pub(crate) log: Arc<SagaLog>,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) entries: Mutex<HashMap<Uuid, Arc<Entry<C>>>>,
    pub(crate) background: Semaphore,
}

/// Why a saga was not begun.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BeginError {
    /// Under this id another case was begun before.
    #[error("another request was made under the same identifier")]
    OtherCase,
    /// Too many have not ended yet.
    #[error("{UNFINISHED_MAX} sagas have not ended yet")]
    Overloaded,
    /// The log could not.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a saga was not tried again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RetryError {
    /// There is none with this id.
    #[error("there is no such saga")]
    Unknown,
    /// It does not wait for a retry.
    #[error("it does not wait for a retry")]
    NotFailed,
    /// The log could not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What operators can see and do, whatever the kind of saga.
#[async_trait]
pub trait Sagas: Send + Sync + fmt::Debug {
    /// The unfinished ones, oldest first.
    fn list(&self) -> Vec<SagaSummary>;

    /// Tries one that failed again, now.
    async fn retry(&self, id: Uuid) -> Result<SagaSummary, RetryError>;
}

impl<C: SagaInput> Runner<C> {
    /// A runner of `saga`, which goes on at once with those that the log shows unfinished.
    pub async fn start(
        log: &Arc<SagaLog>,
        saga: Saga<C>,
        retry_policy: RetryPolicy,
    ) -> Result<Self, StorageError> {
        let unfinished = log.unfinished(saga.name);
        let runner = Self(Arc::new(Parts {
            saga,
            log: Arc::clone(log),
            retry_policy,
            entries: Mutex::default(),
            background: Semaphore::new(BACKGROUND_MAX),
        }));
        for id in unfinished {
            let told = log.told(id).await?;
            let Some(told) = told.filter(|told| told.ended.is_none()) else {
                log.forget(id);
                continue;
            };
            let entry = runner.entry(id, Arc::new(told.case()?), told.begun_at);
            runner.0.entries.lock().insert(id, Arc::clone(&entry));
            let run = runner.recovered(entry, told);
            if !kernel::defects::planted("saga_not_resumed") {
                runner.follow(run, None);
            }
        }
        Ok(runner)
    }

    /// Begins a saga under `id`, or joins the one that was begun under it before. Runs it in the caller's task until
    /// it ends, waits or fails; in the last two cases it goes on in the background, as it does when the caller is
    /// dropped.
    pub async fn begin(&self, id: Uuid, case: C) -> Result<SagaStatus, BeginError> {
        let case = Arc::new(case);
        let entry = match self.enlist(id, &case)? {
            Enlisted::New(entry) => entry,
            Enlisted::There(entry) => return self.join(&entry, &case).await,
        };
        let mut hand_over = HandOver { runner: self, entry: Some(Arc::clone(&entry)) };
        let begun = self.0.log.begin(id, self.0.saga.name, case.as_ref()).await;
        if let Err(error) = begun {
            hand_over.entry = None;
            return self.not_begun(&entry, error).await;
        }
        let mut run = Run::begun(entry);
        let halt = run.drive(&self.0.saga, &self.0.log).await;
        hand_over.entry = None;
        let entry = Arc::clone(&run.entry);
        if let Some(pause) = self.stand_still(&mut run, halt) {
            self.follow(run, Some(pause));
        }
        let status = entry.status.now();
        Ok(status)
    }

    /// Says that there is news for this saga: it is run again soon. Whether it is unfinished.
    pub fn wake(&self, id: Uuid) -> bool {
        let entry = self.0.entries.lock().get(&id).cloned();
        let woken = entry.map(|entry| wake(&entry));
        woken.is_some()
    }

    /// Wakes it and waits until it stands still again. `None` when it is not among the unfinished.
    pub async fn wake_and_settle(&self, id: Uuid) -> Option<SagaStatus> {
        let entry = self.0.entries.lock().get(&id).cloned()?;
        let wakes = wake(&entry);
        Some(settled(&entry, wakes).await)
    }

    fn enlist(&self, id: Uuid, case: &Arc<C>) -> Result<Enlisted<C>, BeginError> {
        let mut entries = self.0.entries.lock();
        if let Some(entry) = entries.get(&id) {
            return Ok(Enlisted::There(Arc::clone(entry)));
        }
        if entries.len() >= UNFINISHED_MAX {
            return Err(BeginError::Overloaded);
        }
        let entry = self.entry(id, Arc::clone(case), self.0.log.ids.now());
        entries.insert(id, Arc::clone(&entry));
        Ok(Enlisted::New(entry))
    }

    /// Strikes the entry that was made for a saga that was not begun now, and tells whoever joined it meanwhile.
    async fn not_begun(
        &self,
        entry: &Entry<C>,
        error: AppendError,
    ) -> Result<SagaStatus, BeginError> {
        self.0.log.forget(entry.id);
        let answer = match error {
            AppendError::Conflict { .. } => self.earlier(entry.id, &entry.case).await,
            AppendError::Storage(error) => Err(error.into()),
        };
        self.0.entries.lock().remove(&entry.id);
        let status = answer.as_ref().ok().cloned();
        entry.status.replace(status.unwrap_or_else(|| SagaStatus::ended(SagaState::Undone, None)));
        answer
    }

    async fn join(&self, entry: &Entry<C>, case: &C) -> Result<SagaStatus, BeginError> {
        if !case.repeats(&entry.case) {
            return Err(BeginError::OtherCase);
        }
        Ok(settled(entry, 0).await)
    }

    /// How the saga stands that was begun under this id before, and is not in memory any more.
    async fn earlier(&self, id: Uuid, case: &C) -> Result<SagaStatus, BeginError> {
        let told = self.0.log.told(id).await?;
        let gone = || StorageError::Unavailable(format!("the log of saga {id} is gone"));
        let told = told.ok_or_else(gone)?;
        if !case.repeats(&told.case()?) {
            return Err(BeginError::OtherCase);
        }
        let refusal = told.undoing.map(|undoing| Arc::new(undoing.reason));
        Ok(match told.ended {
            Some(Outcome::Done) => SagaStatus::ended(SagaState::Done, None),
            Some(Outcome::Undone) => SagaStatus::ended(SagaState::Undone, refusal),
            // Somebody else has it in hand.
            None => SagaStatus { driven: false, ..SagaStatus::running(self.0.saga.step_name(0)) },
        })
    }

    fn entry(&self, id: Uuid, case: Arc<C>, begun_at: Timestamp) -> Arc<Entry<C>> {
        let status = SagaStatus::running(self.0.saga.step_name(0));
        Arc::new(Entry {
            id,
            case,
            begun_at,
            status: StatusCell::new(status),
            news: Notify::new(),
            wakes: 0.into(),
        })
    }

    /// A saga taken over from somebody else: any of its steps can have had an effect.
    pub(crate) fn recovered(&self, entry: Arc<Entry<C>>, told: SavedSaga) -> Run<C> {
        Run {
            entry,
            version: told.version,
            furthest: self.0.saga.last(),
            waiting: told.waiting,
            undoing: told.undoing.map(Arc::new),
            tries: 0,
        }
    }
}

enum Enlisted<C> {
    New(Arc<Entry<C>>),
    There(Arc<Entry<C>>),
}

/// Adds a wake; returns how many there are now.
fn wake<C>(entry: &Entry<C>) -> u64 {
    let wakes = entry.wakes.fetch_add(1, Ordering::AcqRel) + 1;
    entry.news.notify_one();
    wakes
}

/// Waits until the saga stands still, having seen this many wakes.
async fn settled<C>(entry: &Entry<C>, wakes: u64) -> SagaStatus {
    entry.status.wait_for(|status| status.has_settled(wakes)).await
}

/// Sees to it that a saga goes on when the caller whose task it ran in is dropped.
struct HandOver<'a, C: SagaInput> {
    runner: &'a Runner<C>,
    entry: Option<Arc<Entry<C>>>,
}

impl<C: SagaInput> Drop for HandOver<'_, C> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.runner.take_over(entry);
        }
    }
}

#[async_trait]
impl<C: SagaInput> Sagas for Runner<C> {
    fn list(&self) -> Vec<SagaSummary> {
        let entries = self.0.entries.lock();
        let mut list: Vec<_> = entries.values().map(|entry| self.listed(entry)).collect();
        list.sort_by_key(|listed| (listed.begun_at, listed.id));
        list
    }

    async fn retry(&self, id: Uuid) -> Result<SagaSummary, RetryError> {
        let entry = self.0.entries.lock().get(&id).cloned();
        let Some(entry) = entry else {
            let told = self.0.log.told(id).await?;
            let of_kind = told.is_some_and(|told| told.saga == self.0.saga.name);
            return Err(if of_kind { RetryError::NotFailed } else { RetryError::Unknown });
        };
        let failed = {
            let status = entry.status.now();
            status.tries > 0 && !status.driven
        };
        if !failed {
            return Err(RetryError::NotFailed);
        }
        let wakes = wake(&entry);
        settled(&entry, wakes).await;
        Ok(self.listed(&entry))
    }
}

impl<C: SagaInput> Runner<C> {
    fn listed(&self, entry: &Entry<C>) -> SagaSummary {
        SagaSummary {
            id: entry.id,
            name: self.0.saga.name,
            subject: entry.case.subject(),
            begun_at: entry.begun_at,
            status: entry.status.now(),
        }
    }
}

impl<C: SagaInput> Clone for Runner<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: SagaInput> fmt::Debug for Runner<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Runner").field("saga", &self.0.saga).finish_non_exhaustive()
    }
}
