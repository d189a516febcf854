//! Saga definition: an input, and steps that can each be executed and undone.

use async_trait::async_trait;
use journal::Personal;
use journal::Storable;
use kernel::{Problem, Timestamp, Uuid};
use std::{fmt, sync::Arc};

/// Input of one saga: everything that its steps need, and every identifier they will use. Stored when the saga is
/// begun; its type changes only by adding optional fields.
pub trait SagaInput: Storable + fmt::Debug {
    /// Identity of the thing that the saga is about, for lists and for reconciliation.
    fn subject(&self) -> Uuid;

    /// Whether `self` is a repetition of the request that `earlier` was started with under the same id. If not,
    /// [`Runner::begin`](crate::Runner::begin) answers [`BeginError::DifferentInput`](crate::BeginError::DifferentInput).
    fn repeats(&self, earlier: &Self) -> bool;

    /// Personal data of the input, which is encrypted when it is stored; `None` when it has none.
    fn personal(&self) -> Option<Personal<Self>> {
        None
    }
}

/// Step of a saga with input `I`: an action and its compensation, both idempotent.
///
/// The executor may run either of them any number of times: after a failure, after a restart, and after a crash in the
/// middle of it. The [failure matrix](crate::failure_matrix) proves that a saga's steps bear that.
#[async_trait]
pub trait Step<I: Sync>: Send + Sync {
    /// Stable name of the step. It is stored when a saga waits or is undone, so it is never changed.
    fn name(&self) -> &'static str;

    /// Action of the step. Executing it again is success and has no further effect.
    ///
    /// # Errors
    ///
    /// * [`StepError::Refused`] is final: the saga is undone, unless the step [must succeed](Step::must_succeed).
    /// * [`StepError::Unavailable`] is retried with the [`RetryPolicy`](crate::RetryPolicy).
    async fn execute(&self, input: &I) -> Result<Progress, StepError>;

    /// Compensation of the step, whether it was executed fully, partly or not at all; undoing it again is success. The
    /// default does nothing, for steps that leave nothing behind.
    ///
    /// # Errors
    ///
    /// A compensation has no business reason to fail: whatever it returns is retried until it succeeds.
    async fn undo(&self, input: &I, because: &Problem) -> Result<(), StepError> {
        let _ = (input, because);
        Ok(())
    }

    /// Whether the step lies behind the pivot (the point of no return). Then a refusal is retried like any other failure
    /// instead of starting the undo; the step itself is never undone; and only steps of this kind may follow it. The
    /// steps before it, executed again after it, do not refuse what they once accepted.
    fn must_succeed(&self) -> bool {
        false
    }
}

/// Result of a step's action that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The step is done.
    Done,
    /// The step depends on something outside. The saga pauses until it is [woken](crate::Runner::wake), and is then
    /// executed again from its first step.
    Waiting {
        /// Reason of the wait, for operators.
        reason: String,
        /// Time at which the saga is executed again even if nothing wakes it.
        until: Option<Timestamp>,
    },
}

/// Reasons why a step's action or compensation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Permanent failure: the answer is no and will stay no, so the saga is undone.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Transient failure: there is no answer at the moment, so the step is retried.
    #[error("{0}")]
    Unavailable(String),
}

impl StepError {
    /// Permanent failure with this problem.
    pub fn refused(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

/// Definition of a kind of saga: its name and its steps, in order. The crate's [example](crate) runs one.
pub struct Saga<I: Sync> {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Arc<dyn Step<I>>>,
}

impl<I: Sync> Saga<I> {
    /// Saga of these steps. The name is stored with each saga that is started, so it is never changed.
    pub fn new(name: &'static str, steps: Vec<Arc<dyn Step<I>>>) -> Self {
        Self { name, steps }
    }

    /// Name of the step at `index`.
    pub(crate) fn step_name(&self, index: usize) -> &'static str {
        self.steps.get(index).map_or("", |step| step.name())
    }

    /// Index of the step called `name`; of the last step when there is none of this name any more.
    pub(crate) fn step_index(&self, name: &str) -> usize {
        let found = self.steps.iter().position(|step| step.name() == name);
        found.unwrap_or_else(|| self.last_index())
    }

    /// Index of the last step.
    pub(crate) fn last_index(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }
}

impl<I: Sync> fmt::Debug for Saga<I> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| step.name()).collect();
        out.debug_struct("Saga").field("name", &self.name).field("steps", &steps).finish()
    }
}
