//! Durability as a value: a write returns at once with a [`Commit`], and the boundary of the process waits for it.
//!
//! Inside a process, services decide on state that is not flushed yet. The boundary (a listener about to answer, a
//! transport about to call another process, an adapter about to call an outside party) waits once, for everything the
//! request depends on: the output-commit rule of recoverable systems (Strom and Yemini, "Optimistic Recovery in
//! Distributed Systems", 1985). So that no code can forget to wait, stores register each commit they return, and each
//! unflushed fact they show, in the [`scope`] of the running request. A call over the loopback transport runs in its
//! caller's task and so in its scope.
//!
//! A [`Watermark`] is the high-watermark of one log: the position up to which it is flushed (as Kafka's high-watermark is
//! the offset up to which a partition is replicated).
//!
//! ```
//! use storage::{Commit, Watermark, durability};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), storage::CommitError> {
//! // An engine whose log is flushed up to position 4, and two writes that are still queued.
//! let watermark = Watermark::at(4);
//! let (answer, dependencies) = durability::scope(async {
//!     durability::depend_on(&Commit::at(&watermark, 5));
//!     durability::depend_on(&Commit::at(&watermark, 6));
//!     "saved"
//! })
//! .await;
//!
//! watermark.advance(6); // one flush for both
//! dependencies.wait().await?; // the boundary waits; only then does the answer leave the process
//! assert_eq!(answer, "saved");
//! # Ok(())
//! # }
//! ```

mod watermark;

pub use watermark::Watermark;

use std::{cell::RefCell, future::Future, sync::Arc};

/// Commit error: the write was lost before its flush and never happened. The process must restart from what is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write was lost before it reached the disk; it did not happen")]
pub struct CommitError;

/// Commit handle: the position of a write in its log, and with it the means to wait for the flush. Dropping the handle
/// loses nothing; the write is on its way to the disk all the same.
///
/// ```
/// use storage::{Commit, CommitError, Watermark};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let watermark = Watermark::at(0);
/// let (first, second) = (Commit::at(&watermark, 1), Commit::at(&watermark, 2));
/// assert!(!first.is_durable());
///
/// watermark.advance(1); // a flush covers position 1
/// assert_eq!(first.wait().await, Ok(()));
///
/// watermark.void(); // the next flush fails: position 2 is lost
/// assert_eq!(second.wait().await, Err(CommitError));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a write is durable only after its flush: wait for the commit, or pass it to depend_on"]
pub struct Commit(Option<(Arc<Watermark>, u64)>);

impl Commit {
    /// Commit of the write at `position` of the log with this watermark.
    pub fn at(watermark: &Arc<Watermark>, position: u64) -> Self {
        Self(Some((Arc::clone(watermark), position)))
    }

    /// Commit of a write that is durable already.
    pub fn durable() -> Self {
        Self(None)
    }

    /// Whether the write is flushed.
    pub fn is_durable(&self) -> bool {
        self.0.as_ref().is_none_or(|(watermark, position)| watermark.flushed() >= *position)
    }

    /// Waits for the flush.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when the log failed before the write was flushed.
    pub async fn wait(&self) -> Result<(), CommitError> {
        match &self.0 {
            Some((watermark, position)) => watermark.wait_for(*position).await,
            None => Ok(()),
        }
    }
}

/// Unflushed dependencies of a request: the highest position of each log whose flush its answer has to wait for.
#[derive(Debug, Default)]
pub struct Dependencies(Vec<(Arc<Watermark>, u64)>);

impl Dependencies {
    /// Waits until every dependency is flushed.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when one of the logs failed first: the output must not leave the process.
    pub async fn wait(&self) -> Result<(), CommitError> {
        for (watermark, position) in &self.0 {
            watermark.wait_for(*position).await?;
        }
        Ok(())
    }

    fn add(&mut self, watermark: &Arc<Watermark>, position: u64) {
        match self.0.iter_mut().find(|(known, _)| Arc::ptr_eq(known, watermark)) {
            Some((_, known)) => *known = (*known).max(position),
            None => self.0.push((Arc::clone(watermark), position)),
        }
    }
}

tokio::task_local! {
    static DEPENDENCIES: RefCell<Dependencies>;
}

/// Durability scope: runs `work` and returns, with its output, what the output depends on. The caller waits for the
/// dependencies before it lets the output leave the process. Scopes do not nest: an inner scope keeps its dependencies to
/// itself.
pub async fn scope<T>(work: impl Future<Output = T>) -> (T, Dependencies) {
    DEPENDENCIES
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, DEPENDENCIES.with(RefCell::take))
        })
        .await
}

/// Adds `commit` to the dependencies of the running scope, unless it is durable already. Outside a scope this does nothing:
/// background work holds its commits itself.
pub fn depend_on(commit: &Commit) {
    let Some((watermark, position)) = &commit.0 else { return };
    if watermark.flushed() < *position {
        // An error says that there is no scope, and so nothing to wait.
        let _ = DEPENDENCIES
            .try_with(|dependencies| dependencies.borrow_mut().add(watermark, *position));
    }
}

/// Waits for everything that the running scope depends on so far: to be called before a request leaves the process for
/// another one. Returns at once outside a scope.
///
/// # Errors
///
/// [`CommitError`] when one of the logs failed first: the call must not be made.
pub async fn wait() -> Result<(), CommitError> {
    let dependencies: Vec<_> =
        DEPENDENCIES.try_with(|dependencies| dependencies.borrow().0.clone()).unwrap_or_default();
    for (watermark, position) in dependencies {
        watermark.wait_for(position).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn a_scope_waits_for_its_highest_position() {
        let watermark = Watermark::at(0);
        let ((), dependencies) = scope(async {
            depend_on(&Commit::at(&watermark, 2));
            depend_on(&Commit::at(&watermark, 1));
        })
        .await;
        watermark.advance(1);
        assert!(tokio::time::timeout(LONG, dependencies.wait()).await.is_err());
        watermark.advance(2);
        assert_eq!(dependencies.wait().await, Ok(()));
    }

    #[tokio::test]
    async fn a_failed_log_voids_what_is_not_flushed() {
        let watermark = Watermark::at(1);
        let (flushed, lost) = (Commit::at(&watermark, 1), Commit::at(&watermark, 2));
        watermark.void();
        assert_eq!(flushed.wait().await, Ok(()));
        assert_eq!(lost.wait().await, Err(CommitError));
    }

    #[tokio::test]
    async fn scopes_do_not_mix() {
        let watermark = Watermark::at(0);
        let ((), outer) = scope(async {
            let ((), inner) = scope(async { depend_on(&Commit::at(&watermark, 9)) }).await;
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
