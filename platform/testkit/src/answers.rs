//! Calls as a test makes them, and what their refusals say.

use kernel::Problem;
use rpc::CallError;
use std::fmt::Debug;
use transport::{Context, Edge};

/// Runs `work` as a request that entered by this edge.
pub async fn on_edge<T>(edge: Edge, work: impl Future<Output = T>) -> T {
    Context { edge, ..Context::default() }.scope(work).await
}

/// The problem with which a call was refused.
///
/// # Panics
///
/// The call was not refused.
pub fn problem<T: Debug>(answer: Result<T, CallError>) -> Problem {
    match answer {
        Err(CallError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

/// The code with which a call was refused.
///
/// # Panics
///
/// The call was not refused.
pub fn code<T: Debug>(answer: Result<T, CallError>) -> String {
    problem(answer).code.to_string()
}

/// The one field that a refusal with 422 names.
///
/// # Panics
///
/// The call was not refused, or not with 422 for one field.
pub fn field<T: Debug>(answer: Result<T, CallError>) -> String {
    let problem = problem(answer);
    match (problem.status, &problem.errors[..]) {
        (422, [error]) => error.field.clone(),
        _ => panic!("{problem}: {:?}", problem.errors),
    }
}
