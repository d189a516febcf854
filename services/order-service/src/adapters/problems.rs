//! What another service's refusal means here.

use crate::ports::PortError;
use kernel::{Code, Problem};
use transport::CallError;

/// Our words for how a call ended: what the service refused, or that nobody knows.
pub(crate) fn port_error(service: &'static str, error: CallError) -> PortError {
    match error {
        CallError::Problem(problem) if is_refusal(&problem) => PortError::Refused(problem),
        CallError::Problem(problem) => {
            PortError::Unavailable { service, reason: problem.to_string() }
        }
        CallError::Unavailable { reason, .. } => PortError::Unavailable { service, reason },
    }
}

/// The same, where these codes say "not yet" rather than "no".
pub(crate) fn port_error_unless(
    service: &'static str,
    error: CallError,
    not_yet: &[Code],
) -> PortError {
    match port_error(service, error) {
        PortError::Refused(problem) if not_yet.contains(&problem.code) => {
            PortError::Unavailable { service, reason: problem.to_string() }
        }
        other => other,
    }
}

/// A no that stays no: not a service that is down, has too much to do, or is still busy with the same request.
fn is_refusal(problem: &Problem) -> bool {
    (400..500).contains(&problem.status)
        && problem.status != 429
        && problem.code != kernel::codes::IDEMPOTENCY_IN_FLIGHT
}
