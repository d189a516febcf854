//! Saga executor: runs a saga's steps forward, or their undos backward, until it ends or has to pause.

use crate::{
    Progress, Saga, SagaInput, SagaLog, StepError,
    events::{SagaOutcome, SagaUndoing, SagaWaiting, SavedSaga},
    status_cell::StatusCell,
};
use journal::{AppendError, Version};
use kernel::{Origin, Problem, Timestamp, Uuid};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// Unfinished saga in memory, shared between the task that executes it and everything that looks at it.
pub(crate) struct UnfinishedSaga<I> {
    pub(crate) id: Uuid,
    pub(crate) input: Arc<I>,
    pub(crate) started_at: Timestamp,
    /// Origin of the request that began it, on whose behalf its steps run also without that request.
    pub(crate) origin: Option<Origin>,
    pub(crate) status: StatusCell,
    /// Notified by a wake; the task that owns the saga executes it again.
    pub(crate) wake_signal: Notify,
    pub(crate) wakes: AtomicU64,
}

/// Execution of a saga, owned by the one task that runs it.
pub(crate) struct SagaExecution<I> {
    pub(crate) saga: Arc<UnfinishedSaga<I>>,
    pub(crate) version: Version,
    /// Index of the furthest step that can have had an effect.
    pub(crate) furthest: usize,
    pub(crate) waiting: Option<SagaWaiting>,
    pub(crate) undoing: Option<Arc<SagaUndoing>>,
    /// Decision to undo of which it is not known whether it is logged. It stands: were the steps executed again, some of them could
    /// succeed now, and the event that was logged after all would undo what was told as done.
    pub(crate) unlogged_undoing: Option<SagaUndoing>,
    /// Attempts in a row that failed.
    pub(crate) attempts: u32,
}

/// Reason why an execution stopped.
#[derive(Debug)]
pub(crate) enum StopReason {
    Ended(SagaOutcome),
    Waiting { step: usize, reason: String, until: Option<Timestamp> },
    Failed { step: usize, error: String },
}

impl<I: SagaInput> SagaExecution<I> {
    /// Execution of a saga whose first event was appended just now.
    pub(crate) fn new(saga: Arc<UnfinishedSaga<I>>) -> Self {
        Self {
            saga,
            version: 1,
            furthest: 0,
            waiting: None,
            undoing: None,
            unlogged_undoing: None,
            attempts: 0,
        }
    }

    pub(crate) fn refusal(&self) -> Option<Arc<Problem>> {
        let undoing = self.undoing.as_deref().or(self.unlogged_undoing.as_ref());
        undoing.map(|undoing| Arc::new(undoing.reason.clone()))
    }

    /// Executes the saga as far as it goes now.
    pub(crate) async fn execute(&mut self, definition: &Saga<I>, log: &SagaLog) -> StopReason {
        let wakes = self.saga.wakes.load(Ordering::Acquire);
        let stop_reason = self.advance(definition, log).await;
        self.saga.status.modify(|status| status.wakes_seen = wakes);
        stop_reason
    }

    async fn advance(&mut self, definition: &Saga<I>, log: &SagaLog) -> StopReason {
        if self.undoing.is_none() {
            let stop_reason = match self.unlogged_undoing.take() {
                Some(undoing) => self.log_undoing(log, undoing).await,
                None => self.execute_steps(definition, log).await,
            };
            if let Some(stop_reason) = stop_reason {
                return stop_reason;
            }
        }
        match self.undoing.clone() {
            Some(undoing) => self.undo_steps(definition, log, &undoing).await,
            None => self.end(log, SagaOutcome::Done, definition.last_index()).await,
        }
    }

    /// Executes the steps in order. `None` when all are done, or the saga has to be undone.
    async fn execute_steps(&mut self, definition: &Saga<I>, log: &SagaLog) -> Option<StopReason> {
        for (index, step) in definition.steps.iter().enumerate() {
            self.furthest = self.furthest.max(index);
            match step.execute(&self.saga.input).await {
                Ok(Progress::Done) => {}
                Ok(Progress::Waiting { reason, until }) => {
                    return Some(self.wait(log, index, step.name(), reason, until).await);
                }
                Err(StepError::Refused(problem)) if !step.must_succeed() => {
                    return self.begin_undo(definition, log, *problem).await;
                }
                Err(error) => {
                    return Some(StopReason::Failed { step: index, error: error.to_string() });
                }
            }
        }
        None
    }

    async fn wait(
        &mut self,
        log: &SagaLog,
        index: usize,
        step: &'static str,
        reason: String,
        until: Option<Timestamp>,
    ) -> StopReason {
        let waiting = SagaWaiting { step: step.to_owned(), reason: reason.clone() };
        if self.waiting.as_ref() != Some(&waiting) {
            if let Err(error) = log.waiting(self.saga.id, self.version, &waiting).await {
                return self.not_logged(log, index, error).await;
            }
            self.version += 1;
            self.waiting = Some(waiting);
        }
        StopReason::Waiting { step: index, reason, until }
    }

    /// Logs the decision to undo before the first undo runs: what was once undone is never executed again. For the same
    /// reason the refusal loses its `Retry-After`: a repetition under the same id would only get it again.
    async fn begin_undo(
        &mut self,
        definition: &Saga<I>,
        log: &SagaLog,
        reason: Problem,
    ) -> Option<StopReason> {
        let reason = Problem { retry_after_seconds: None, ..reason };
        let from = definition.step_name(self.furthest).to_owned();
        self.log_undoing(log, SagaUndoing { from, reason }).await
    }

    async fn log_undoing(&mut self, log: &SagaLog, undoing: SagaUndoing) -> Option<StopReason> {
        match log.undoing(self.saga.id, self.version, &undoing).await {
            Ok(()) => {
                self.version += 1;
                self.undoing = Some(Arc::new(undoing));
                None
            }
            Err(error) => {
                self.unlogged_undoing = Some(undoing);
                Some(self.not_logged(log, self.furthest, error).await)
            }
        }
    }

    async fn undo_steps(
        &mut self,
        definition: &Saga<I>,
        log: &SagaLog,
        undoing: &SagaUndoing,
    ) -> StopReason {
        let from = definition.step_index(&undoing.from);
        for (index, step) in definition.steps.iter().enumerate().take(from + 1).rev() {
            // It was never executed: a saga that came so far is not undone.
            if step.must_succeed() {
                continue;
            }
            if let Err(error) = step.undo(&self.saga.input, &undoing.reason).await {
                return StopReason::Failed { step: index, error: error.to_string() };
            }
        }
        self.end(log, SagaOutcome::Undone, 0).await
    }

    async fn end(&mut self, log: &SagaLog, outcome: SagaOutcome, step: usize) -> StopReason {
        let ended: Result<(), AppendError> = log.end(self.saga.id, self.version, outcome).await;
        match ended {
            Ok(()) => StopReason::Ended(outcome),
            Err(error) => self.not_logged(log, step, error).await,
        }
    }

    /// Reason for which an execution stops whose event the journal did not take. A conflict means that the journal has an event whose
    /// answer was lost, for nobody else executes the saga: the next attempt goes on from there.
    async fn not_logged(&mut self, log: &SagaLog, step: usize, error: AppendError) -> StopReason {
        if let AppendError::Conflict { .. } = error {
            match log.load(self.saga.id).await {
                Ok(Some(SavedSaga { outcome: Some(outcome), .. })) => {
                    log.forget(self.saga.id);
                    return StopReason::Ended(outcome);
                }
                Ok(Some(saved)) => {
                    self.version = saved.version;
                    self.waiting = saved.waiting;
                    self.undoing = saved.undoing.map(Arc::new);
                    if self.undoing.is_some() {
                        self.unlogged_undoing = None;
                    }
                }
                // The conflict is told; the next attempt reads again.
                Ok(None) | Err(_) => {}
            }
        }
        StopReason::Failed { step, error: error.to_string() }
    }
}
