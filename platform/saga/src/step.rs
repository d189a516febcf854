//! What a saga is made of: a case, and steps that can each be done and undone.

use async_trait::async_trait;
use kernel::{Problem, Timestamp, Uuid};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// What one saga is about: everything its steps need, and every identifier they will use. Stored when the saga
/// begins; changed only by adding optional fields.
pub trait SagaInput: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The thing it is about.
    fn subject(&self) -> Uuid;

    /// Whether beginning `self` where `earlier` was begun under the same id is the same request sent again.
    fn repeats(&self, earlier: &Self) -> bool;
}

/// A step of a saga with case `C`.
#[async_trait]
pub trait Step<C: Sync>: Send + Sync {
    /// A stable word for the log and for people.
    fn name(&self) -> &'static str;

    /// Does it. Doing it again is success and has no further effect.
    async fn execute(&self, case: &C) -> Result<Progress, StepError>;

    /// Undoes it, whether it was done, half done or never done; again is success. It has no business reason to fail,
    /// so whatever it answers with is tried again until it succeeds. As it stands here it is for steps that leave
    /// nothing behind.
    async fn undo(&self, case: &C, because: &Problem) -> Result<(), StepError> {
        let _ = (case, because);
        Ok(())
    }

    /// Whether it comes after the point of no return. Then a refusal is a failure like any other, tried again instead
    /// of being a reason to go back; it is never undone; and only steps of this kind may follow it. The steps before it,
    /// run again after it, do not refuse what they once did.
    fn must_succeed(&self) -> bool {
        false
    }
}

/// How far a step came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done,
    /// It depends on somebody outside. The saga stands still until it is woken, and is run again from its first step.
    Waiting {
        /// For what.
        reason: String,
        /// When to look again although nobody woke it.
        until: Option<Timestamp>,
    },
}

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The answer is no, and will stay no: go back.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// There is no answer at the moment: try again.
    #[error("{0}")]
    Unavailable(String),
}

impl StepError {
    /// A refusal.
    pub fn refused(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

/// A kind of saga: its name and its steps, in order.
pub struct Saga<C: Sync> {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Arc<dyn Step<C>>>,
}

impl<C: Sync> Saga<C> {
    /// A saga of these steps. Its name is stored with each one begun, and stays.
    pub fn new(name: &'static str, steps: Vec<Arc<dyn Step<C>>>) -> Self {
        Self { name, steps }
    }

    /// The name of the step at `index`.
    pub(crate) fn step_name(&self, index: usize) -> &'static str {
        self.steps.get(index).map_or("", |step| step.name())
    }

    /// Where the step called `name` is; the last step when there is none of this name any more.
    pub(crate) fn position(&self, name: &str) -> usize {
        let found = self.steps.iter().position(|step| step.name() == name);
        found.unwrap_or_else(|| self.last())
    }

    /// Where the last step is.
    pub(crate) fn last(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }
}

impl<C: Sync> fmt::Debug for Saga<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| step.name()).collect();
        out.debug_struct("Saga").field("name", &self.name).field("steps", &steps).finish()
    }
}
