//! What the order service needs from the outside world, in its own words.

pub(crate) mod carts;
pub(crate) mod listing;
pub(crate) mod payments;
pub(crate) mod stock;

use kernel::Problem;
use saga::StepError;

/// Why a port did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PortError {
    /// The other side said no, and why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// No answer, or none that can be used; whether it was done is unknown.
    #[error("{service}: {reason}")]
    Unavailable { service: &'static str, reason: String },
}

impl From<PortError> for StepError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Refused(problem) => Self::Refused(problem),
            unavailable @ PortError::Unavailable { .. } => {
                Self::Unavailable(unavailable.to_string())
            }
        }
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Refused(problem) => *problem,
            PortError::Unavailable { service, reason } => {
                tracing::warn!(service, reason, "another service did not answer");
                Self::unavailable(service)
            }
        }
    }
}
