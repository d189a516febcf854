//! What happens to a saga after its caller has gone: it is driven in the background whenever it is time or there is
//! news, until it ends.

use crate::{
    Runner, SagaInput, SagaState, SagaStatus,
    events::Outcome,
    executor::{Entry, Run, StopReason},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use storage::durability;

/// How long a saga that stands still is left alone, at most.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    For(Duration),
    UntilNews,
}

impl<C: SagaInput> Runner<C> {
    /// Has `run` driven in the background: at once, or after a pause.
    pub(crate) fn follow(&self, mut run: Run<C>, pause: Option<Pause>) {
        let runner = self.clone();
        (self.0.log.spawn)(Box::pin(async move {
            let mut pause = pause;
            loop {
                if let Some(pause) = pause {
                    runner.rest(&run.entry, pause).await;
                }
                let halt = runner.drive_apart(&mut run).await;
                pause = runner.stand_still(&mut run, halt);
                if pause.is_none() {
                    return;
                }
            }
        }));
    }

    /// Goes on with a saga whose caller was dropped on the way, from what the log says about it.
    pub(crate) fn take_over(&self, entry: Arc<Entry<C>>) {
        let runner = self.clone();
        (self.0.log.spawn)(Box::pin(async move {
            let mut tries = 0;
            loop {
                match runner.0.log.told(entry.id).await {
                    Ok(Some(told)) if told.ended.is_none() => {
                        let run = runner.recovered(entry, told);
                        return runner.follow(run, None);
                    }
                    Ok(told) => {
                        let state = match told.as_ref().and_then(|told| told.ended) {
                            Some(Outcome::Done) => SagaState::Done,
                            // One that was not even begun leaves nothing to undo.
                            Some(Outcome::Undone) | None => SagaState::Undone,
                        };
                        let refusal = told.and_then(|told| told.undoing);
                        let refusal = refusal.map(|undoing| Arc::new(undoing.reason));
                        runner.0.entries.lock().remove(&entry.id);
                        runner.0.log.forget(entry.id);
                        entry.status.replace(SagaStatus::ended(state, refusal));
                        return;
                    }
                    Err(error) => {
                        tries += 1;
                        tracing::warn!(id = %entry.id, %error, "a saga's log cannot be read");
                        let pause = runner.0.retry_policy.pause(tries, runner.0.log.random());
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }));
    }

    /// Shows why the saga stands still. How long it will; `None` when it has ended.
    pub(crate) fn stand_still(&self, run: &mut Run<C>, halt: StopReason) -> Option<Pause> {
        let saga = &self.0.saga;
        match halt {
            StopReason::Ended(outcome) => {
                let state = match outcome {
                    Outcome::Done => SagaState::Done,
                    Outcome::Undone => SagaState::Undone,
                };
                self.0.entries.lock().remove(&run.entry.id);
                run.entry.status.replace(SagaStatus::ended(state, run.refusal()));
                None
            }
            StopReason::Waiting { step, reason, until } => {
                run.tries = 0;
                run.entry.status.modify(|status| {
                    status.state = SagaState::Waiting;
                    status.step = saga.step_name(step);
                    status.tries = 0;
                    status.error = Some(reason);
                    status.next_try_at = until;
                    status.driven = false;
                });
                Some(match until {
                    Some(until) => {
                        let left = until.duration_since(self.0.log.ids.now());
                        Pause::For(Duration::try_from(left).unwrap_or(Duration::ZERO))
                    }
                    None => Pause::UntilNews,
                })
            }
            StopReason::Failed { step, error } => {
                run.tries += 1;
                Some(Pause::For(self.failed(run, saga.step_name(step), error)))
            }
        }
    }

    fn failed(&self, run: &Run<C>, step: &'static str, error: String) -> Duration {
        let (retry_policy, name) = (&self.0.retry_policy, self.0.saga.name);
        let pause = retry_policy.pause(run.tries, self.0.log.random());
        let state = match &run.undoing {
            _ if retry_policy.is_over(run.tries) => SagaState::Stuck,
            Some(_) => SagaState::Undoing,
            None => SagaState::Running,
        };
        tracing::warn!(saga = name, id = %run.entry.id, step, tries = run.tries, error, "a step failed");
        let refusal = run.refusal();
        run.entry.status.modify(|status| {
            status.state = state;
            status.step = step;
            status.tries = run.tries;
            status.error = Some(error);
            status.next_try_at = self.0.log.ids.now().checked_add(pause).ok();
            status.refusal = refusal;
            status.driven = false;
        });
        pause
    }

    async fn rest(&self, entry: &Entry<C>, pause: Pause) {
        let news = entry.news.notified();
        match pause {
            // Nothing came in time; it is run again all the same.
            Pause::For(pause) => drop(tokio::time::timeout(pause, news).await),
            Pause::UntilNews => news.await,
        }
    }

    /// Drives it outside any request: what it writes becomes durable without anybody waiting, and a step that
    /// panics has failed.
    async fn drive_apart(&self, run: &mut Run<C>) -> StopReason {
        // Never closed.
        let _permit = self.0.background.acquire().await;
        let backward = run.undoing.is_some();
        run.entry.status.modify(|status| {
            status.state = if backward { SagaState::Undoing } else { SagaState::Running };
            status.driven = true;
        });
        let drive = AssertUnwindSafe(run.drive(&self.0.saga, &self.0.log)).catch_unwind();
        let (halt, _) = durability::scope(drive).await;
        halt.unwrap_or_else(|_| StopReason::Failed {
            step: 0,
            error: "a step panicked; the log has more".to_owned(),
        })
    }
}
