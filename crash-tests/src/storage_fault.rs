//! Storage fault of a run: which deviations from the ordinary guarantees a customer tolerates.

use crate::client::Response;

/// The kind of storage fault that is injected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageFault {
    /// Storage works.
    #[default]
    None,
    /// The disk may fail before the process does: any 5xx response may come meanwhile.
    DiskLost,
    /// The disk may be full at each step of an operation.
    DiskFull,
    /// The database may be away at each step of an operation.
    DatabaseLost,
    /// The same, and clocks may jump, so that the time for a payment may be over at each step.
    ClocksJump,
}

impl StorageFault {
    /// Whether the response only means that the customer has to retry, although it would be final without the fault.
    pub(crate) fn tolerates(self, response: &Response) -> bool {
        match self {
            Self::None => false,
            // The checkout was rejected, and reopening the cart takes a disk.
            _ if response.code() == "checking_out" => response.has_retry_after(),
            Self::DiskLost => response.status >= 500,
            Self::DiskFull | Self::DatabaseLost | Self::ClocksJump => false,
        }
    }
}
