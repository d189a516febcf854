//! What happens to a saga after its caller has gone: it is driven in the background whenever it is time or there is
//! news, until it ends.

use crate::{
    Case, Runner, Standing, State,
    drive::{Entry, Halt, Run},
    events::Outcome,
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

impl<C: Case> Runner<C> {
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
                            Some(Outcome::Done) => State::Done,
                            // One that was not even begun leaves nothing to undo.
                            Some(Outcome::Undone) | None => State::Undone,
                        };
                        let refusal = told.and_then(|told| told.undoing);
                        let refusal = refusal.map(|undoing| Arc::new(undoing.reason));
                        runner.0.entries.lock().remove(&entry.id);
                        runner.0.log.forget(entry.id);
                        entry.standing.replace(Standing::ended(state, refusal));
                        return;
                    }
                    Err(error) => {
                        tries += 1;
                        tracing::warn!(id = %entry.id, %error, "a saga's log cannot be read");
                        let pause = runner.0.patience.pause(tries, runner.0.log.random());
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }));
    }

    /// Shows why the saga stands still. How long it will; `None` when it has ended.
    pub(crate) fn stand_still(&self, run: &mut Run<C>, halt: Halt) -> Option<Pause> {
        let saga = &self.0.saga;
        match halt {
            Halt::Ended(outcome) => {
                let state = match outcome {
                    Outcome::Done => State::Done,
                    Outcome::Undone => State::Undone,
                };
                self.0.entries.lock().remove(&run.entry.id);
                run.entry.standing.replace(Standing::ended(state, run.refusal()));
                None
            }
            Halt::Waiting { step, reason, until } => {
                run.tries = 0;
                run.entry.standing.modify(|standing| {
                    standing.state = State::Waiting;
                    standing.step = saga.step_name(step);
                    standing.tries = 0;
                    standing.error = Some(reason);
                    standing.next_try_at = until;
                    standing.driven = false;
                });
                Some(match until {
                    Some(until) => {
                        let left = until.duration_since(self.0.log.ids.now());
                        Pause::For(Duration::try_from(left).unwrap_or(Duration::ZERO))
                    }
                    None => Pause::UntilNews,
                })
            }
            Halt::Failed { step, error } => {
                run.tries += 1;
                Some(Pause::For(self.failed(run, saga.step_name(step), error)))
            }
        }
    }

    fn failed(&self, run: &Run<C>, step: &'static str, error: String) -> Duration {
        let (patience, name) = (&self.0.patience, self.0.saga.name);
        let pause = patience.pause(run.tries, self.0.log.random());
        let state = match &run.undoing {
            _ if patience.is_over(run.tries) => State::Stuck,
            Some(_) => State::Undoing,
            None => State::Running,
        };
        tracing::warn!(saga = name, id = %run.entry.id, step, tries = run.tries, error, "a step failed");
        let refusal = run.refusal();
        run.entry.standing.modify(|standing| {
            standing.state = state;
            standing.step = step;
            standing.tries = run.tries;
            standing.error = Some(error);
            standing.next_try_at = self.0.log.ids.now().checked_add(pause).ok();
            standing.refusal = refusal;
            standing.driven = false;
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
    async fn drive_apart(&self, run: &mut Run<C>) -> Halt {
        // Never closed.
        let _permit = self.0.background.acquire().await;
        let backward = run.undoing.is_some();
        run.entry.standing.modify(|standing| {
            standing.state = if backward { State::Undoing } else { State::Running };
            standing.driven = true;
        });
        let drive = AssertUnwindSafe(run.drive(&self.0.saga, &self.0.log)).catch_unwind();
        let (halt, _) = durability::scope(drive).await;
        halt.unwrap_or_else(|_| Halt::Failed {
            step: 0,
            error: "a step panicked; the log has more".to_owned(),
        })
    }
}
