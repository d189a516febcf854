//! Conversion of call errors into port errors.

use crate::ports::PortError;
use kernel::{Code, Problem};
use rpc::CallError;

/// Port error of a failed call: a refusal of the service, or an unknown outcome.
pub(crate) fn port_error(service: &'static str, error: CallError) -> PortError {
    match error {
        CallError::Problem(problem) if is_final_refusal(&problem) => PortError::Refused(problem),
        CallError::Problem(problem) => {
            PortError::Unavailable { service, reason: problem.to_string() }
        }
        CallError::Unavailable { reason, .. } => PortError::Unavailable { service, reason },
    }
}

/// Port error of a failed call to a service whose refusals with these codes are temporary.
pub(crate) fn port_error_unless(
    service: &'static str,
    error: CallError,
    temporary: &[Code],
) -> PortError {
    match port_error(service, error) {
        PortError::Refused(problem) if temporary.contains(&problem.code) => {
            PortError::Unavailable { service, reason: problem.to_string() }
        }
        other => other,
    }
}

/// Whether a problem is a final refusal: not an unavailable or overloaded service, nor one that is still busy with the
/// same request.
fn is_final_refusal(problem: &Problem) -> bool {
    (400..500).contains(&problem.status)
        && problem.status != 429
        && problem.code != kernel::codes::IDEMPOTENCY_IN_FLIGHT
}
