//! Sagas of which it is not known whether they have begun: the append of the first event failed, and may be stored all the same.
//!
//! Nobody waits for them, and nobody may execute them before it is known; but one that has begun must not lie there until the next
//! start, when whoever asked for it has long gone elsewhere. All of them are looked at together, once the journal takes writes again: what
//! an earlier connection had under way is stored by then, or never will be.

use crate::{Runner, SagaInput, executor::UnfinishedSaga, runner::Begun};
use std::sync::Arc;
use storage::StorageError;

/// Failed attempts in a row that the backoff grows by.
const ATTEMPTS_COUNTED_MAX: u32 = 6;

/// What operators read of such a saga.
const NOT_KNOWN: &str = "the journal did not answer, so it is not known whether the saga has begun";

impl<I: SagaInput> Runner<I> {
    /// Takes up a saga whose first append has failed without an answer.
    pub(crate) fn settle_later(&self, saga: &Arc<UnfinishedSaga<I>>) {
        saga.status.modify(|status| {
            status.attempts = 1;
            status.error = Some(NOT_KNOWN.to_owned());
            status.is_executing = false;
        });
        let is_first = {
            let mut uncertain = self.0.uncertain.lock();
            uncertain.push_back(Arc::clone(saga));
            uncertain.len() == 1
        };
        if is_first {
            let runner = self.clone();
            (self.0.log.spawn)(Box::pin(async move { runner.settle_all().await }));
        }
    }

    /// Looks until all of them are settled.
    async fn settle_all(self) {
        let mut attempts = 1;
        loop {
            let random = self.0.log.random();
            let pause = self.0.retry_policy.jittered_backoff(attempts, random);
            tokio::time::sleep(pause).await;
            match self.settle_known().await {
                Ok(true) => return,
                Ok(false) => attempts = 1,
                Err(error) => {
                    if attempts == 1 {
                        tracing::warn!(saga = self.0.definition.name, %error, "it is not known which sagas have begun");
                    }
                    attempts = (attempts + 1).min(ATTEMPTS_COUNTED_MAX);
                }
            }
        }
    }

    /// Settles those that there are now; true when there are none left.
    async fn settle_known(&self) -> Result<bool, StorageError> {
        let known = self.0.uncertain.lock().len();
        // A write: what was asked for before it is stored now, or never will be, also on a connection that was given up.
        self.0.log.save_snapshot().await?;
        for _ in 0..known {
            let first = self.0.uncertain.lock().front().cloned();
            let Some(saga) = first else { break };
            match self.settle(&saga).await {
                Ok(()) => {}
                Err(error @ StorageError::Unavailable(_)) => return Err(error),
                // It stays in the list of the unfinished ones, and keeps nobody else waiting.
                Err(error) => {
                    tracing::error!(saga = self.0.definition.name, id = %saga.id, %error, "a saga cannot be read");
                }
            }
            self.0.uncertain.lock().pop_front();
        }
        Ok(self.0.uncertain.lock().is_empty())
    }

    async fn settle(&self, saga: &Arc<UnfinishedSaga<I>>) -> Result<(), StorageError> {
        let saved = self.0.log.load(saga.id).await?;
        if let Begun::Here(execution) = self.take_up(saga, saved)? {
            tracing::info!(saga = self.0.definition.name, id = %saga.id, "a saga has begun although nobody was told");
            self.run_in_background(execution, None);
        }
        Ok(())
    }
}
