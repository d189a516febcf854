//! Storage ports: document store, key-value store, blob store, leases, and durability as a value.
//!
//! Services depend on the ports ([`Documents`], [`KeyValue`], [`Blobs`]) and get handles to their own data; no handle can name another
//! service's data. Engines (`engine-memory`, `engine-log`) implement the ports and pass the suites in [`conformance`].
//!
//! A write returns before it is flushed, with a [`Commit`]; [`durability`] explains who waits for it.

#![warn(missing_docs)]

mod blobs;
mod collection;
mod conditional;
mod declared;
mod documents;
mod key_value;
mod lease;
mod losable;
mod query;
mod write;

pub mod conformance;
pub mod counter;
pub mod durability;
pub mod index_entry;

pub use blobs::{BLOB_BYTES_MAX, BLOB_NAME_BYTES_MAX, BlobEntry, Blobs, check_blob_name};
pub use collection::{Collection, Document, FieldValue, Index, IndexPosition, StoredDocument};
pub use conditional::{CompareAndSwap, ConditionalDocuments};
pub use declared::DeclaredDocuments;
pub use documents::Documents;
pub use durability::{Commit, CommitError, Watermark};
pub use key_value::KeyValue;
pub use lease::{
    LEASE_OWNER_BYTES_MAX, Lease, LeaseEpoch, LeasePart, LeaseState, LeaseTiming, LeaseWatch,
};
pub use losable::LosableValues;
pub use query::{Direction, DocumentPage, Query};
pub use write::Write;

use kernel::{Problem, codes};

/// Storage error: why a store could not do what it was asked. Nothing of a refused write is stored; only
/// [`Unavailable`](Self::Unavailable) leaves that open.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// Disk nearly full: the free space has reached the reserve. Writes are refused until there is room; reads go on.
    #[error("the disk is nearly full; writing is refused until there is room")]
    Full,
    /// Engine unavailable, with the reason: closed, failed, or asked for something it does not have.
    /// A write that failed so may be stored all the same.
    #[error("the store cannot answer: {0}")]
    Unavailable(String),
    /// Write that was refused before it was tried, with the reason, such as that too many wait: it is not stored, and never will be.
    #[error("the store does not take it: {0}")]
    Refused(String),
    /// Stored data that cannot be decoded, with its location: damaged, or written by another version.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// Record above the size limit.
    #[error("a record of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// Size of the record, in bytes.
        bytes: usize,
        /// Limit, in bytes.
        limit: usize,
    },
}

/// `Retry-After` of a nearly full disk, in seconds: an operator has to make room first.
const FULL_RETRY_SECONDS: u32 = 60;

impl From<StorageError> for Problem {
    /// Maps a storage error to the problem that a client sees, and logs its cause: 503 with `Retry-After` for `Full`, 503
    /// for `Unavailable` and `Refused`, 500 for `Corrupt` and `TooLarge`.
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "a storage operation failed");
        match error {
            StorageError::Full => {
                let title = "the disk is nearly full: reading goes on, nothing can be changed";
                Self::of(codes::STORAGE_FULL, title).retry_after(FULL_RETRY_SECONDS)
            }
            StorageError::Unavailable(_) | StorageError::Refused(_) => {
                Self::unavailable("the storage")
            }
            StorageError::Corrupt(_) | StorageError::TooLarge { .. } => Self::internal(),
        }
    }
}

/// Size limit of one document, value or event, in bytes (4 MiB).
pub const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Page size limit of queries and scans, in documents.
pub const QUERY_DOCUMENTS_MAX: usize = 1_024;

/// Validates that a record of `bytes` is within `limit`. Engines call this before they accept a record.
///
/// # Errors
///
/// [`StorageError::TooLarge`] when it is not.
pub fn check_size(bytes: usize, limit: usize) -> Result<(), StorageError> {
    if bytes > limit { Err(StorageError::TooLarge { bytes, limit }) } else { Ok(()) }
}
