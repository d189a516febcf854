//! Append sequence: appends that are submitted one after the other without waiting for the answers in between (pipelining).

use crate::{AppendError, Appended, Position};
use parking_lot::Mutex;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use storage::{Commit, CommitError, Watermark};

/// Append sequence: each of its appends was decided on the state that those before it lead to, answered or not, so that none may be
/// accepted without them.
///
/// An engine accepts a prefix of the sequence, in order. The first append that it does not accept, for whatever reason, breaks the
/// sequence: those behind it answer [`AppendError::OutOfSequence`], and whoever decided on them decides again, in a new sequence.
///
/// ```
/// use journal::{AppendError, AppendSequence};
///
/// let sequence = AppendSequence::default();
/// let (first, second) = (sequence.next(), sequence.next());
/// // An engine that gets the second one first refuses it, and with it whatever comes later.
/// assert!(matches!(second.check(), Err(AppendError::OutOfSequence)));
/// assert!(sequence.is_broken());
/// assert!(matches!(first.check(), Err(AppendError::OutOfSequence)));
/// ```
#[derive(Clone, Default)]
pub struct AppendSequence(Arc<SequenceState>);

#[derive(Default)]
struct SequenceState {
    /// Number of the last append that has a place.
    submitted: AtomicU64,
    /// Number of the last append that was accepted; void once the sequence is broken.
    accepted: Arc<Watermark>,
    /// Last event that was accepted, and its commit.
    last: Mutex<Option<(Position, Commit)>>,
}

impl AppendSequence {
    /// Sequence behind the event at this position, which is flushed.
    pub fn after(position: Position) -> Self {
        Self::with_last(Some((position, Commit::durable())))
    }

    /// Sequence in place of this one: behind what this one has accepted.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self::with_last(self.0.last.lock().clone())
    }

    fn with_last(last: Option<(Position, Commit)>) -> Self {
        Self(Arc::new(SequenceState { last: Mutex::new(last), ..SequenceState::default() }))
    }

    /// Place of the next append. Appends are submitted in the order of their places.
    pub fn next(&self) -> SequencePlace {
        let number = self.0.submitted.fetch_add(1, Ordering::Relaxed) + 1;
        SequencePlace { sequence: self.clone(), number }
    }

    /// Whether an append was not accepted: what was decided since is lost.
    pub fn is_broken(&self) -> bool {
        self.0.accepted.is_void()
    }

    /// Whether every append that has a place is accepted.
    pub fn is_accepted(&self) -> bool {
        self.0.accepted.flushed() == self.0.submitted.load(Ordering::Relaxed)
    }

    /// Position of the last event that was accepted; 0 when there is none.
    pub fn last_position(&self) -> Position {
        self.0.last.lock().as_ref().map_or(0, |(position, _)| *position)
    }

    /// Commit of the last append that was accepted.
    pub fn last_commit(&self) -> Commit {
        self.0.last.lock().as_ref().map_or_else(Commit::durable, |(_, commit)| commit.clone())
    }

    /// Waits until every append that has a place at the time of the call is accepted, and returns a commit that includes the last of
    /// them: what was decided on their state depends on it.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when one of them was not accepted.
    pub fn accepted(&self) -> impl Future<Output = Result<Commit, CommitError>> + Send + use<> {
        let (sequence, last) = (self.clone(), self.0.submitted.load(Ordering::Relaxed));
        async move {
            sequence.0.accepted.wait_for(last).await?;
            Ok(sequence.last_commit())
        }
    }
}

impl PartialEq for AppendSequence {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for AppendSequence {}

impl fmt::Debug for AppendSequence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SequenceState { submitted, accepted, .. } = &*self.0;
        out.debug_struct("AppendSequence")
            .field("submitted", submitted)
            .field("accepted", accepted)
            .finish_non_exhaustive()
    }
}

/// Place of an append in its [sequence](AppendSequence), from which the engine sees whether it may accept the append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencePlace {
    sequence: AppendSequence,
    number: u64,
}

impl SequencePlace {
    /// Checks that everything before this place is accepted. Engines call this before they decide; otherwise the sequence is broken.
    ///
    /// # Errors
    ///
    /// [`AppendError::OutOfSequence`] when it is not.
    pub fn check(&self) -> Result<(), AppendError> {
        let accepted = &self.sequence.0.accepted;
        if accepted.is_void() || accepted.flushed() + 1 != self.number {
            accepted.void();
            return Err(AppendError::OutOfSequence);
        }
        Ok(())
    }

    /// Records the engine's answer, before anybody gets it.
    pub fn record(&self, answer: &Result<Appended, AppendError>) {
        match answer {
            Ok(Appended { position, commit, .. }) => {
                let mut last = self.sequence.0.last.lock();
                // A repetition has the position that it had the first time.
                if last.as_ref().is_none_or(|(before, _)| before < position) {
                    *last = Some((*position, commit.clone()));
                }
                drop(last);
                self.sequence.0.accepted.advance(self.number);
            }
            Err(_) => self.break_off(),
        }
    }

    /// Decides on an append that may have a place in a sequence: for engines that decide at once.
    ///
    /// # Errors
    ///
    /// [`AppendError::OutOfSequence`], and those of `decide`.
    pub fn decide(
        place: Option<Self>,
        decide: impl FnOnce() -> Result<Appended, AppendError>,
    ) -> Result<Appended, AppendError> {
        let Some(place) = place else { return decide() };
        place.check()?;
        let answer = decide();
        place.record(&answer);
        answer
    }

    /// Breaks the sequence: this append is not accepted.
    pub fn break_off(&self) {
        self.sequence.0.accepted.void();
    }

    /// Gives the place to the next append: the engine did not take this one, and nobody has got a later place.
    pub fn give_back(&self) {
        self.sequence.0.submitted.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether this place is right behind another one.
    pub fn follows(&self, before: &Self) -> bool {
        self.sequence == before.sequence && self.number == before.number + 1
    }
}
