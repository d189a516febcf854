//! Ending of a saga as its caller sees it: what the answer to a request says.

use super::error::OrderError;
use kernel::Problem;
use saga::{SagaState, SagaStatus};

/// Requires that a saga has its effect, or may still have it: it is done, or goes on in the background. Otherwise the
/// error is its refusal, also while what it did is still being undone; `what` is unavailable where it has none.
pub(crate) fn require_effect(status: &SagaStatus, what: &str) -> Result<(), OrderError> {
    match (status.state, status.refusal.as_deref()) {
        (SagaState::Done, _)
        | (SagaState::Running | SagaState::Waiting | SagaState::Stuck, None) => Ok(()),
        (
            SagaState::Running
            | SagaState::Waiting
            | SagaState::Stuck
            | SagaState::Undoing
            | SagaState::Undone,
            Some(refusal),
        ) => Err(OrderError::Refused(refusal.clone())),
        (SagaState::Undoing | SagaState::Undone, None) => {
            Err(OrderError::Refused(Problem::unavailable(what)))
        }
    }
}
