//! Durability is a value: a write answers at once with a [`Commit`], and whoever lets something leave the process
//! waits for it.
//!
//! Inside a process services decide on state that is not flushed yet. The boundary (a listener about to answer, a
//! transport about to call another process, an adapter about to tell a bank) waits once, for everything the
//! request touched. So that nobody can forget, stores register each commit they return, and each unflushed fact
//! they show, in the scope of the running request; a loopback call runs in its caller's task and so in its scope.

mod watermark;

pub use watermark::Watermark;

use std::{cell::RefCell, future::Future, sync::Arc};

/// What was written did not become durable and never will: the process falls back to what is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write was lost before it reached the disk; it did not happen")]
pub struct CommitError;

/// The place of a write in its log. Dropping it loses nothing; the write is on its way.
#[derive(Clone, Debug, Default)]
#[must_use = "somebody has to wait for the flush, or to touch the scope with it"]
pub struct Commit(Option<(Arc<Watermark>, u64)>);

impl Commit {
    /// The write at `position` of the log with this tail.
    pub fn at(tail: &Arc<Watermark>, position: u64) -> Self {
        Self(Some((Arc::clone(tail), position)))
    }

    /// A write that was durable before it was answered.
    pub fn durable() -> Self {
        Self(None)
    }

    /// Whether nothing is left to wait for.
    pub fn is_durable(&self) -> bool {
        self.0.as_ref().is_none_or(|(tail, position)| tail.flushed() >= *position)
    }

    /// Waits for the flush.
    pub async fn wait(&self) -> Result<(), CommitError> {
        match &self.0 {
            Some((tail, position)) => tail.wait_for(*position).await,
            None => Ok(()),
        }
    }
}

/// What a request depends on: at most one place per log.
#[derive(Debug, Default)]
pub struct Dependencies(Vec<(Arc<Watermark>, u64)>);

impl Dependencies {
    /// Waits for the flush of all of it.
    pub async fn wait(&self) -> Result<(), CommitError> {
        for (tail, position) in &self.0 {
            tail.wait_for(*position).await?;
        }
        Ok(())
    }

    fn add(&mut self, tail: &Arc<Watermark>, position: u64) {
        match self.0.iter_mut().find(|(known, _)| Arc::ptr_eq(known, tail)) {
            Some((_, known)) => *known = (*known).max(position),
            None => self.0.push((Arc::clone(tail), position)),
        }
    }
}

tokio::task_local! {
    static TOUCHED: RefCell<Dependencies>;
}

/// Runs `work` and says what it depends on. The caller waits before letting the output leave the process.
pub async fn scope<T>(work: impl Future<Output = T>) -> (T, Dependencies) {
    TOUCHED
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, TOUCHED.with(RefCell::take))
        })
        .await
}

/// Adds `commit` to what the running request depends on. Outside a scope this does nothing: background work
/// holds its commits itself.
pub fn depend_on(commit: &Commit) {
    let Some((tail, position)) = &commit.0 else { return };
    if tail.flushed() < *position {
        // Outside a scope there is nobody to wait.
        let _ = TOUCHED.try_with(|touched| touched.borrow_mut().add(tail, *position));
    }
}

/// Waits for all that the running request touched so far: before a call leaves the process.
pub async fn wait() -> Result<(), CommitError> {
    let touched: Vec<_> =
        TOUCHED.try_with(|touched| touched.borrow().0.clone()).unwrap_or_default();
    for (tail, position) in touched {
        tail.wait_for(position).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NEVER: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn a_scope_waits_for_the_furthest_commit_it_touched() {
        let tail = Watermark::at(0);
        let ((), touched) = scope(async {
            depend_on(&Commit::at(&tail, 2));
            depend_on(&Commit::at(&tail, 1));
        })
        .await;
        tail.advance(1);
        assert!(tokio::time::timeout(NEVER, touched.wait()).await.is_err());
        tail.advance(2);
        assert_eq!(touched.wait().await, Ok(()));
    }

    #[tokio::test]
    async fn a_voided_log_lets_nothing_out() {
        let tail = Watermark::at(1);
        let (flushed, lost) = (Commit::at(&tail, 1), Commit::at(&tail, 2));
        tail.void();
        assert_eq!(flushed.wait().await, Ok(()));
        assert_eq!(lost.wait().await, Err(CommitError));
    }

    #[tokio::test]
    async fn scopes_do_not_mix() {
        let tail = Watermark::at(0);
        let ((), outer) = scope(async {
            let ((), inner) = scope(async { depend_on(&Commit::at(&tail, 9)) }).await;
            assert_eq!(inner.0.len(), 1);
        })
        .await;
        assert!(outer.0.is_empty());
    }

    #[tokio::test]
    async fn outside_a_scope_there_is_nothing_to_wait_for() {
        depend_on(&Commit::at(&Watermark::at(0), 1));
        assert_eq!(wait().await, Ok(()));
    }
}
