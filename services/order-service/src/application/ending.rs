//! Ending of a saga as its caller sees it: what the answer to a request says.

use super::error::OrderError;
use kernel::Problem;
use saga::{SagaState, SagaStatus};

/// Requires that a saga has its effect, or has begun to: it is done, or goes on in the background. Otherwise the error is its
/// refusal, also while what it did is still being undone; `what` is unavailable where it has none, and where its first step
/// could not be done: that may still be refused, so that nothing can be promised.
pub(crate) fn require_effect(status: &SagaStatus, what: &str) -> Result<(), OrderError> {
    match (status.state, status.refusal.as_deref()) {
        (SagaState::Done, _) | (SagaState::Waiting, None) => Ok(()),
        (SagaState::Running | SagaState::Stuck, None) if status.steps_done > 0 => Ok(()),
        (
            SagaState::Running
            | SagaState::Waiting
            | SagaState::Stuck
            | SagaState::Undoing
            | SagaState::Undone,
            Some(refusal),
        ) => Err(OrderError::Refused(refusal.clone())),
        (SagaState::Running | SagaState::Stuck | SagaState::Undoing | SagaState::Undone, None) => {
            Err(OrderError::Refused(Problem::unavailable(what)))
        }
    }
}
