//! Drives a saga: forward through its steps, or back through their undos, until it ends or has to stand still.

use crate::{
    Progress, Saga, SagaInput, SagaLog, StepError,
    events::{Outcome, Undoing, Waiting},
    status_cell::StatusCell,
};
use journal::{AppendError, Version};
use kernel::{Problem, Timestamp, Uuid};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// An unfinished saga in memory.
pub(crate) struct Entry<C> {
    pub(crate) id: Uuid,
    pub(crate) case: Arc<C>,
    pub(crate) begun_at: Timestamp,
    pub(crate) status: StatusCell,
    /// Notified when there is news; whoever has the saga in hand runs it again.
    pub(crate) news: Notify,
    pub(crate) wakes: AtomicU64,
}

/// A saga in the hands of the one task that drives it.
pub(crate) struct Run<C> {
    pub(crate) entry: Arc<Entry<C>>,
    pub(crate) version: Version,
    /// The furthest step that can have had an effect.
    pub(crate) furthest: usize,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) undoing: Option<Arc<Undoing>>,
    /// Failures in a row.
    pub(crate) tries: u32,
}

/// Why a saga stands still.
#[derive(Debug)]
pub(crate) enum StopReason {
    Ended(Outcome),
    Waiting { step: usize, reason: String, until: Option<Timestamp> },
    Failed { step: usize, error: String },
}

impl<C: SagaInput> Run<C> {
    /// A saga that was begun just now.
    pub(crate) fn begun(entry: Arc<Entry<C>>) -> Self {
        Self { entry, version: 1, furthest: 0, waiting: None, undoing: None, tries: 0 }
    }

    pub(crate) fn refusal(&self) -> Option<Arc<Problem>> {
        self.undoing.as_ref().map(|undoing| Arc::new(undoing.reason.clone()))
    }

    /// Drives it as far as it goes now.
    pub(crate) async fn drive(&mut self, saga: &Saga<C>, log: &SagaLog) -> StopReason {
        let wakes = self.entry.wakes.load(Ordering::Acquire);
        let halt = self.go(saga, log).await;
        self.entry.status.modify(|status| status.wakes_seen = wakes);
        halt
    }

    async fn go(&mut self, saga: &Saga<C>, log: &SagaLog) -> StopReason {
        if self.undoing.is_none()
            && let Some(halt) = self.forward(saga, log).await
        {
            return halt;
        }
        match self.undoing.clone() {
            Some(undoing) => self.back(saga, log, &undoing).await,
            None => self.end(log, Outcome::Done, saga.last()).await,
        }
    }

    /// `None` when it is through, or has to go back.
    async fn forward(&mut self, saga: &Saga<C>, log: &SagaLog) -> Option<StopReason> {
        for (index, step) in saga.steps.iter().enumerate() {
            self.furthest = self.furthest.max(index);
            match step.execute(&self.entry.case).await {
                Ok(Progress::Done) => {}
                Ok(Progress::Waiting { reason, until }) => {
                    return Some(self.wait(log, index, step.name(), reason, until).await);
                }
                Err(StepError::Refused(problem)) if !step.must_succeed() => {
                    return self.turn_back(saga, log, *problem).await;
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
        let waiting = Waiting { step: step.to_owned(), reason: reason.clone() };
        if self.waiting.as_ref() != Some(&waiting) {
            if let Err(error) = log.waiting(self.entry.id, self.version, &waiting).await {
                return StopReason::Failed { step: index, error: error.to_string() };
            }
            self.version += 1;
            self.waiting = Some(waiting);
        }
        StopReason::Waiting { step: index, reason, until }
    }

    /// Takes its place in the log before any undo is begun: what was once undone is never done again. So nobody is told
    /// to come again under the same identifier, whatever the one who refused has said.
    async fn turn_back(
        &mut self,
        saga: &Saga<C>,
        log: &SagaLog,
        reason: Problem,
    ) -> Option<StopReason> {
        let reason = Problem { retry_after_seconds: None, ..reason };
        let from = saga.step_name(self.furthest).to_owned();
        let undoing = Undoing { from, reason };
        match log.undoing(self.entry.id, self.version, &undoing).await {
            Ok(()) => {
                self.version += 1;
                self.undoing = Some(Arc::new(undoing));
                None
            }
            Err(error) => {
                Some(StopReason::Failed { step: self.furthest, error: error.to_string() })
            }
        }
    }

    async fn back(&mut self, saga: &Saga<C>, log: &SagaLog, undoing: &Undoing) -> StopReason {
        let from = saga.position(&undoing.from);
        for (index, step) in saga.steps.iter().enumerate().take(from + 1).rev() {
            // It was never done: a saga that came so far does not go back.
            if step.must_succeed() {
                continue;
            }
            if let Err(error) = step.undo(&self.entry.case, &undoing.reason).await {
                return StopReason::Failed { step: index, error: error.to_string() };
            }
        }
        self.end(log, Outcome::Undone, 0).await
    }

    async fn end(&mut self, log: &SagaLog, outcome: Outcome, step: usize) -> StopReason {
        let ended: Result<(), AppendError> = log.ended(self.entry.id, self.version, outcome).await;
        match ended {
            Ok(()) => StopReason::Ended(outcome),
            Err(error) => StopReason::Failed { step, error: error.to_string() },
        }
    }
}
