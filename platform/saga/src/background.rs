//! Background execution of sagas whose caller has gone: again at each due time and wake, until they end.

use crate::{
    Runner, SagaInput, SagaState, SagaStatus,
    events::SagaOutcome,
    executor::{SagaExecution, StopReason, UnfinishedSaga},
    runner::ended,
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use storage::durability;
use transport::Context;

/// Longest pause before a saga is executed again; a wake ends it early.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SagaPause {
    For(Duration),
    UntilWoken,
}

impl<I: SagaInput> Runner<I> {
    /// Spawns the execution in the background: at once, or after a pause.
    pub(crate) fn run_in_background(
        &self,
        mut execution: SagaExecution<I>,
        pause: Option<SagaPause>,
    ) {
        let runner = self.clone();
        (self.0.log.spawn)(Box::pin(async move {
            let mut pause = pause;
            loop {
                if let Some(pause) = pause {
                    runner.sleep(&execution.saga, pause).await;
                }
                let stop_reason = runner.execute_detached(&mut execution).await;
                pause = runner.record_stop(&mut execution, stop_reason);
                if pause.is_none() {
                    return;
                }
            }
        }));
    }

    /// Resumes a saga whose caller was dropped in the middle of it, from what the log says.
    pub(crate) fn resume_from_log(&self, saga: Arc<UnfinishedSaga<I>>) {
        let runner = self.clone();
        (self.0.log.spawn)(Box::pin(async move {
            let mut attempts = 0;
            loop {
                match runner.0.log.load(saga.id).await {
                    Ok(Some(saved)) if saved.outcome.is_none() => {
                        let execution = runner.recover(saga, saved);
                        return runner.run_in_background(execution, None);
                    }
                    Ok(saved) => return runner.leave(&saga, ended(saved)),
                    Err(error) => {
                        if attempts == 0 {
                            tracing::warn!(id = %saga.id, %error, "the log of a saga cannot be read");
                        }
                        attempts += 1;
                        let random = runner.0.log.random();
                        let pause = runner.0.retry_policy.jittered_backoff(attempts, random);
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }));
    }

    /// Records in the saga's status why its execution stopped. Returns the pause before the next execution; `None` when
    /// the saga has ended.
    pub(crate) fn record_stop(
        &self,
        execution: &mut SagaExecution<I>,
        stop_reason: StopReason,
    ) -> Option<SagaPause> {
        let definition = &self.0.definition;
        match stop_reason {
            StopReason::Ended(outcome) => {
                let state = match outcome {
                    SagaOutcome::Done => SagaState::Done,
                    SagaOutcome::Undone => SagaState::Undone,
                };
                self.0.unfinished.lock().remove(&execution.saga.id);
                execution.saga.status.replace(SagaStatus::terminal(state, execution.refusal()));
                None
            }
            StopReason::Waiting { step, reason, until } => {
                execution.attempts = 0;
                execution.saga.status.modify(|status| {
                    status.state = SagaState::Waiting;
                    status.step = definition.step_name(step);
                    status.steps_done = step;
                    status.attempts = 0;
                    status.error = Some(reason);
                    status.next_attempt_at = until;
                    status.is_executing = false;
                });
                Some(match until {
                    Some(until) => {
                        let left = until.duration_since(self.0.log.ids.now());
                        SagaPause::For(Duration::try_from(left).unwrap_or(Duration::ZERO))
                    }
                    None => SagaPause::UntilWoken,
                })
            }
            StopReason::Failed { step, error } => {
                execution.attempts += 1;
                execution.saga.status.modify(|status| status.steps_done = step);
                let step = definition.step_name(step);
                Some(SagaPause::For(self.record_failure(execution, step, error)))
            }
        }
    }

    /// Records a failed attempt. Returns the backoff before the next one.
    fn record_failure(
        &self,
        execution: &SagaExecution<I>,
        step: &'static str,
        error: String,
    ) -> Duration {
        let (retry_policy, attempts) = (&self.0.retry_policy, execution.attempts);
        let pause = retry_policy.jittered_backoff(attempts, self.0.log.random());
        let state = match &execution.undoing {
            _ if retry_policy.is_exhausted(attempts) => SagaState::Stuck,
            Some(_) => SagaState::Undoing,
            None => SagaState::Running,
        };
        let (saga, id) = (self.0.definition.name, execution.saga.id);
        tracing::warn!(saga, %id, step, attempts, error, "a saga step failed");
        let refusal = execution.refusal();
        execution.saga.status.modify(|status| {
            status.state = state;
            status.step = step;
            status.attempts = attempts;
            status.error = Some(error);
            status.next_attempt_at = self.0.log.ids.now().checked_add(pause).ok();
            status.refusal = refusal;
            status.is_executing = false;
        });
        pause
    }

    async fn sleep(&self, saga: &UnfinishedSaga<I>, pause: SagaPause) {
        let woken = saga.wake_signal.notified();
        match pause {
            // A pause that ran out leads to the same as a wake.
            SagaPause::For(pause) => drop(tokio::time::timeout(pause, woken).await),
            SagaPause::UntilWoken => woken.await,
        }
    }

    /// Executes a saga outside any request: its writes become durable without anything waiting for them, and a step that
    /// panics has failed. What it changes is recorded with the origin of the request that began it.
    async fn execute_detached(&self, execution: &mut SagaExecution<I>) -> StopReason {
        // The semaphore is never closed.
        let _permit = self.0.background.acquire().await;
        let is_undoing = execution.undoing.is_some();
        execution.saga.status.modify(|status| {
            status.state = if is_undoing { SagaState::Undoing } else { SagaState::Running };
            status.is_executing = true;
        });
        let context = Context { origin: execution.saga.origin.clone(), ..Context::default() };
        let execute = context.scope(execution.execute(&self.0.definition, &self.0.log));
        let (stop_reason, _) = durability::scope(AssertUnwindSafe(execute).catch_unwind()).await;
        stop_reason.unwrap_or_else(|_| StopReason::Failed {
            step: 0,
            error: "a step panicked; the process's own log says where".to_owned(),
        })
    }
}
