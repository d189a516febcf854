//! Storage fault of a run: which deviations from the ordinary guarantees a customer tolerates.

use crate::client::Response;

/// The kind of storage fault that is injected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageFault {
    /// Storage works.
    #[default]
    None,
    /// The disk may fail before the process does: any 5xx response may come meanwhile. As with a full disk, a
    /// response about something durable may come without an idempotency record.
    DiskLost,
    /// The disk may be full when the idempotency record is to be written: a repeated request is then executed again,
    /// and still takes effect once.
    DiskFull,
    /// The database may be away when the idempotency record is to be written, with the same effect.
    DatabaseLost,
}

impl StorageFault {
    /// Whether the response only means that the customer has to retry, although it would be final without the fault.
    pub(crate) fn tolerates(self, response: &Response) -> bool {
        match self {
            Self::None => false,
            // The checkout was rejected, and reopening the cart takes a disk.
            _ if response.code() == "checking_out" => response.has_retry_after(),
            Self::DiskLost => response.status >= 500,
            Self::DiskFull | Self::DatabaseLost => false,
        }
    }
}
