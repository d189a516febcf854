//! Saga status, for its caller and for operators.

use kernel::{Problem, Timestamp, Uuid};
use std::sync::Arc;

/// State of a saga. [`Done`](Self::Done) and [`Undone`](Self::Undone) are terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SagaState {
    /// Its steps are being executed.
    Running,
    /// A step waits for something outside.
    Waiting,
    /// Its steps are being undone.
    Undoing,
    /// It failed [`attempts_max`](crate::RetryPolicy::attempts_max) times in a row; still retried, slowly.
    Stuck,
    /// Every step is done.
    Done,
    /// Every step that may have had an effect is undone.
    Undone,
}

impl SagaState {
    /// Whether the state is terminal: nothing will happen any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Undone)
    }
}

/// Status of a saga at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaStatus {
    /// State of the saga.
    pub state: SagaState,
    /// Name of the step that is executed or undone; empty in a terminal state.
    pub step: &'static str,
    /// Number of steps that the last execution found or made done. At 0 nothing has happened yet, and a refusal may still come.
    pub steps_done: usize,
    /// Attempts in a row that failed.
    pub attempts: u32,
    /// Last failure, or the reason of the wait.
    pub error: Option<String>,
    /// Time of the next attempt that needs no wake.
    pub next_attempt_at: Option<Timestamp>,
    /// Refusal because of which the saga is being undone, or was undone.
    pub refusal: Option<Arc<Problem>>,
    /// Whether a task is executing the saga at this moment.
    pub(crate) is_executing: bool,
    /// Number of wakes that the last execution had seen when it began.
    pub(crate) wakes_seen: u64,
}

impl SagaStatus {
    pub(crate) fn running(step: &'static str) -> Self {
        Self {
            state: SagaState::Running,
            step,
            steps_done: 0,
            attempts: 0,
            error: None,
            next_attempt_at: None,
            refusal: None,
            is_executing: true,
            wakes_seen: 0,
        }
    }

    pub(crate) fn terminal(state: SagaState, refusal: Option<Arc<Problem>>) -> Self {
        Self { state, refusal, is_executing: false, ..Self::running("") }
    }

    /// Whether the saga is at rest after an execution that had seen all of the first `wakes` wakes.
    pub(crate) fn has_settled(&self, wakes: u64) -> bool {
        self.state.is_terminal() || (!self.is_executing && self.wakes_seen >= wakes)
    }
}

/// Summary of an unfinished saga in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaSummary {
    /// Identity of the saga.
    pub id: Uuid,
    /// Name of its kind.
    pub name: &'static str,
    /// Identity of the thing that it is about.
    pub subject: Uuid,
    /// Time at which it was started.
    pub started_at: Timestamp,
    /// Status of the saga now.
    pub status: SagaStatus,
}
