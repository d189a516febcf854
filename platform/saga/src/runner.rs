//! Saga runner: begins, resumes and wakes the sagas of one kind, and lists the unfinished ones.

use crate::{
    BACKGROUND_MAX, RetryPolicy, Saga, SagaInput, SagaLog, SagaState, SagaStatus, SagaSummary,
    UNFINISHED_MAX,
    events::{SagaOutcome, SavedSaga},
    executor::{SagaExecution, UnfinishedSaga},
    status_cell::StatusCell,
};
use async_trait::async_trait;
use journal::AppendError;
use kernel::{Origin, Timestamp, Uuid};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, atomic::Ordering},
};
use storage::StorageError;
use tokio::sync::{Notify, Semaphore};
use transport::Context;

/// Runner of the sagas of one kind. Clones share it. The crate's [example](crate) uses one.
pub struct Runner<I: SagaInput>(pub(crate) Arc<RunnerInner<I>>);

pub(crate) struct RunnerInner<I: SagaInput> {
    pub(crate) definition: Saga<I>,
    pub(crate) log: Arc<SagaLog>,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) unfinished: Mutex<HashMap<Uuid, Arc<UnfinishedSaga<I>>>>,
    pub(crate) background: Semaphore,
    /// Those of them of which it is not known whether they have begun.
    pub(crate) uncertain: Mutex<VecDeque<Arc<UnfinishedSaga<I>>>>,
}

/// Reasons why [`Runner::begin`] did not begin a saga.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BeginError {
    /// A saga with another input was started under this id before.
    #[error("another request was made under the same identifier")]
    DifferentInput,
    /// [`UNFINISHED_MAX`] sagas of this kind are unfinished.
    #[error("{UNFINISHED_MAX} sagas have not ended yet")]
    Overloaded,
    /// The log could not be read or written; nothing was executed. Where it is not known whether the saga has begun
    /// ([`StorageError::Unavailable`]), one that has is executed in the background, as soon as the log can be read again.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Reasons why [`Sagas::retry`] did not retry a saga.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RetryError {
    /// No saga of this kind has this id.
    #[error("there is no such saga")]
    Unknown,
    /// The saga has not failed, is being executed at this moment, or has ended.
    #[error("it does not wait for a retry")]
    NotFailed,
    /// The log could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Operator's view of the unfinished sagas, whatever their kind.
#[async_trait]
pub trait Sagas: Send + Sync + fmt::Debug {
    /// Unfinished sagas, oldest first.
    fn list(&self) -> Vec<SagaSummary>;

    /// Retries a failed saga now instead of after its backoff, and waits until it ends or pauses again.
    ///
    /// # Errors
    ///
    /// See [`RetryError`].
    async fn retry(&self, id: Uuid) -> Result<SagaSummary, RetryError>;
}

impl<I: SagaInput> Runner<I> {
    /// Starts a runner, which at once resumes in the background what the log shows unfinished.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the log cannot be read, or an unfinished saga's input cannot be decoded.
    pub async fn start(
        log: &Arc<SagaLog>,
        definition: Saga<I>,
        retry_policy: RetryPolicy,
    ) -> Result<Self, StorageError> {
        let unfinished = log.unfinished(definition.name);
        let runner = Self(Arc::new(RunnerInner {
            definition,
            log: Arc::clone(log),
            retry_policy,
            unfinished: Mutex::default(),
            background: Semaphore::new(BACKGROUND_MAX),
            uncertain: Mutex::default(),
        }));
        for id in unfinished {
            let saved = log.load(id).await?;
            let Some(saved) = saved.filter(|saved| saved.outcome.is_none()) else {
                log.forget(id);
                continue;
            };
            let execution = runner.execution_of(id, saved)?;
            if !kernel::defects::planted("saga_not_resumed") {
                runner.run_in_background(execution, None);
            }
        }
        Ok(runner)
    }

    /// Begins a saga under `id`, or joins the one that was started under it before, which makes a repeated request safe.
    ///
    /// The saga is executed in the caller's task until it ends, waits or fails; after a wait or a failure it continues
    /// in the background, and so it does when the caller is dropped.
    ///
    /// # Errors
    ///
    /// See [`BeginError`]. A saga that ends undone is no error: its status has the refusal.
    pub async fn begin(&self, id: Uuid, input: I) -> Result<SagaStatus, BeginError> {
        let input = Arc::new(input);
        let saga = match self.register(id, &input)? {
            Registration::New(saga) => saga,
            Registration::Existing(saga) => return self.join(&saga, &input).await,
        };
        let mut guard =
            ResumeOnDrop { runner: self, saga: Some(Arc::clone(&saga)), has_begun: false };
        let begun = match self.0.log.begin(id, self.0.definition.name, input.as_ref()).await {
            Ok(()) => Ok(Begun::Here(SagaExecution::new(saga))),
            Err(error) => self.begun_before(&saga, error).await,
        };
        guard.saga = None;
        let mut execution = match begun? {
            Begun::Here(execution) => execution,
            Begun::Ended(status) => return Ok(status),
        };
        guard.saga = Some(Arc::clone(&execution.saga));
        guard.has_begun = true;
        let stop_reason = execution.execute(&self.0.definition, &self.0.log).await;
        guard.saga = None;
        let saga = Arc::clone(&execution.saga);
        if let Some(pause) = self.record_stop(&mut execution, stop_reason) {
            self.run_in_background(execution, Some(pause));
        }
        let status = saga.status.get();
        Ok(status)
    }

    /// Whether the input of an unfinished saga is like this.
    pub fn is_any_unfinished(&self, is_wanted: impl Fn(&I) -> bool) -> bool {
        self.0.unfinished.lock().values().any(|saga| is_wanted(&saga.input))
    }

    /// Wakes a saga: it is executed again soon. Returns whether it is unfinished.
    pub fn wake(&self, id: Uuid) -> bool {
        let saga = self.0.unfinished.lock().get(&id).cloned();
        let woken = saga.map(|saga| wake(&saga));
        woken.is_some()
    }

    /// Wakes a saga and waits until it ends or pauses again. `None` when it is not unfinished.
    pub async fn wake_and_settle(&self, id: Uuid) -> Option<SagaStatus> {
        let saga = self.0.unfinished.lock().get(&id).cloned()?;
        let wakes = wake(&saga);
        Some(settled(&saga, wakes).await)
    }

    fn register(&self, id: Uuid, input: &Arc<I>) -> Result<Registration<I>, BeginError> {
        let mut unfinished = self.0.unfinished.lock();
        if let Some(saga) = unfinished.get(&id) {
            return Ok(Registration::Existing(Arc::clone(saga)));
        }
        if unfinished.len() >= UNFINISHED_MAX {
            return Err(BeginError::Overloaded);
        }
        let (now, origin) = (self.0.log.ids.now(), Context::current_origin());
        let saga = self.unfinished_saga(id, Arc::clone(input), now, origin);
        unfinished.insert(id, Arc::clone(&saga));
        Ok(Registration::New(saga))
    }

    /// What became of a saga whose first append was not accepted: one that was begun under this id before goes on, and one of which that
    /// is not known is looked at later.
    async fn begun_before(
        &self,
        saga: &Arc<UnfinishedSaga<I>>,
        error: AppendError,
    ) -> Result<Begun<I>, BeginError> {
        let found = match error {
            AppendError::Conflict { .. } => self.found(saga).await,
            AppendError::Storage(error @ StorageError::Unavailable(_)) => Err(error),
            AppendError::Storage(error) => {
                self.leave(saga, SagaStatus::terminal(SagaState::Undone, None));
                return Err(error.into());
            }
            AppendError::OutOfSequence => Err(StorageError::Unavailable(error.to_string())),
        };
        match found.inspect_err(|_| self.settle_later(saga))? {
            (begun, true) => Ok(begun),
            (Begun::Here(execution), false) => {
                self.run_in_background(execution, None);
                Err(BeginError::DifferentInput)
            }
            (Begun::Ended(_), false) => Err(BeginError::DifferentInput),
        }
    }

    /// Saga that the log has under the id of this one, and whether this one repeats it.
    async fn found(&self, saga: &Arc<UnfinishedSaga<I>>) -> Result<(Begun<I>, bool), StorageError> {
        let saved = self.0.log.load(saga.id).await?;
        let repeats = match &saved {
            Some(saved) => saga.input.repeats(&saved.input()?),
            None => true,
        };
        Ok((self.take_up(saga, saved)?, repeats))
    }

    /// Takes up what the log has of a saga that was registered here and has not begun by that: it goes on with the input that is stored,
    /// since nobody executes it, or has ended. Those who joined the registered one are told that it is at rest.
    pub(crate) fn take_up(
        &self,
        saga: &Arc<UnfinishedSaga<I>>,
        saved: Option<SavedSaga>,
    ) -> Result<Begun<I>, StorageError> {
        let status = match saved {
            Some(saved) if saved.outcome.is_none() => {
                let execution = self.execution_of(saga.id, saved)?;
                saga.status.modify(|status| status.is_executing = false);
                return Ok(Begun::Here(execution));
            }
            saved => ended(saved),
        };
        self.leave(saga, status.clone());
        Ok(Begun::Ended(status))
    }

    /// Leaves a saga that has ended, or never began, and tells those who joined it.
    pub(crate) fn leave(&self, saga: &UnfinishedSaga<I>, status: SagaStatus) {
        self.0.log.forget(saga.id);
        self.0.unfinished.lock().remove(&saga.id);
        saga.status.replace(status);
    }

    async fn join(&self, saga: &UnfinishedSaga<I>, input: &I) -> Result<SagaStatus, BeginError> {
        if !input.repeats(&saga.input) {
            return Err(BeginError::DifferentInput);
        }
        Ok(settled(saga, 0).await)
    }

    /// Execution of a saga that the log shows unfinished, which is in memory from now on.
    fn execution_of(&self, id: Uuid, saved: SavedSaga) -> Result<SagaExecution<I>, StorageError> {
        let (input, origin) = (Arc::new(saved.input()?), saved.origin.clone());
        let saga = self.unfinished_saga(id, input, saved.started_at, origin);
        self.0.unfinished.lock().insert(id, Arc::clone(&saga));
        Ok(self.recover(saga, saved))
    }

    fn unfinished_saga(
        &self,
        id: Uuid,
        input: Arc<I>,
        started_at: Timestamp,
        origin: Option<Origin>,
    ) -> Arc<UnfinishedSaga<I>> {
        let status = SagaStatus::running(self.0.definition.step_name(0));
        Arc::new(UnfinishedSaga {
            id,
            input,
            started_at,
            origin,
            status: StatusCell::new(status),
            wake_signal: Notify::new(),
            wakes: 0.into(),
        })
    }

    /// Execution of a saga that another task left unfinished: any of its steps can have had an effect.
    pub(crate) fn recover(
        &self,
        saga: Arc<UnfinishedSaga<I>>,
        saved: SavedSaga,
    ) -> SagaExecution<I> {
        SagaExecution {
            saga,
            version: saved.version,
            furthest: self.0.definition.last_index(),
            waiting: saved.waiting,
            undoing: saved.undoing.map(Arc::new),
            unlogged_undoing: None,
            attempts: 0,
        }
    }

    fn summary(&self, saga: &UnfinishedSaga<I>) -> SagaSummary {
        SagaSummary {
            id: saga.id,
            name: self.0.definition.name,
            subject: saga.input.subject(),
            started_at: saga.started_at,
            status: saga.status.get(),
        }
    }
}

/// What became of the beginning of a saga.
pub(crate) enum Begun<I> {
    /// It is to be executed here.
    Here(SagaExecution<I>),
    /// It had ended before.
    Ended(SagaStatus),
}

/// Status of a saga that has ended by the log, or is not there: without a first event there is nothing to undo.
pub(crate) fn ended(saved: Option<SavedSaga>) -> SagaStatus {
    let state = match saved.as_ref().and_then(|saved| saved.outcome) {
        Some(SagaOutcome::Done) => SagaState::Done,
        Some(SagaOutcome::Undone) | None => SagaState::Undone,
    };
    let undoing = saved.and_then(|saved| saved.undoing);
    SagaStatus::terminal(state, undoing.map(|undoing| Arc::new(undoing.reason)))
}

/// Result of registering a saga in memory.
enum Registration<I> {
    New(Arc<UnfinishedSaga<I>>),
    Existing(Arc<UnfinishedSaga<I>>),
}

/// Adds a wake; returns how many there are now.
fn wake<I>(saga: &UnfinishedSaga<I>) -> u64 {
    let wakes = saga.wakes.fetch_add(1, Ordering::AcqRel) + 1;
    saga.wake_signal.notify_one();
    wakes
}

/// Waits until the saga is at rest after an execution that had seen this many wakes.
async fn settled<I>(saga: &UnfinishedSaga<I>, wakes: u64) -> SagaStatus {
    saga.status.wait_for(|status| status.has_settled(wakes)).await
}

/// Drop guard that resumes a saga in the background when the caller in whose task it ran is dropped.
struct ResumeOnDrop<'a, I: SagaInput> {
    runner: &'a Runner<I>,
    saga: Option<Arc<UnfinishedSaga<I>>>,
    /// Whether its first event is in the log.
    has_begun: bool,
}

impl<I: SagaInput> Drop for ResumeOnDrop<'_, I> {
    fn drop(&mut self) {
        match self.saga.take() {
            Some(saga) if self.has_begun => self.runner.resume_from_log(saga),
            // The append may still be under way.
            Some(saga) => self.runner.settle_later(&saga),
            None => {}
        }
    }
}

#[async_trait]
impl<I: SagaInput> Sagas for Runner<I> {
    fn list(&self) -> Vec<SagaSummary> {
        let unfinished = self.0.unfinished.lock();
        let mut list: Vec<_> = unfinished.values().map(|saga| self.summary(saga)).collect();
        list.sort_by_key(|saga| (saga.started_at, saga.id));
        list
    }

    async fn retry(&self, id: Uuid) -> Result<SagaSummary, RetryError> {
        let saga = self.0.unfinished.lock().get(&id).cloned();
        let Some(saga) = saga else {
            let saved = self.0.log.load(id).await?;
            let is_of_kind = saved.is_some_and(|saved| saved.kind == self.0.definition.name);
            return Err(if is_of_kind { RetryError::NotFailed } else { RetryError::Unknown });
        };
        let has_failed = {
            let status = saga.status.get();
            status.attempts > 0 && !status.is_executing
        };
        if !has_failed {
            return Err(RetryError::NotFailed);
        }
        let wakes = wake(&saga);
        settled(&saga, wakes).await;
        Ok(self.summary(&saga))
    }
}

impl<I: SagaInput> Clone for Runner<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: SagaInput> fmt::Debug for Runner<I> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Runner").field("saga", &self.0.definition).finish_non_exhaustive()
    }
}
