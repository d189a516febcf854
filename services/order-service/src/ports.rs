//! Outbound ports of the order service.

pub(crate) mod address_keys;
pub(crate) mod carts;
pub(crate) mod customers;
pub(crate) mod letters;
pub(crate) mod order_index;
pub(crate) mod payments;
pub(crate) mod stock;

use kernel::Problem;
use saga::StepError;

/// Reason for which a call through a port failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PortError {
    /// The other service refused.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// No usable response; whether the call took effect is unknown.
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
