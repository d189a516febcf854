//! Where services keep records: the documents and key-value ports, and durability as a value.
//!
//! A service gets its own handles; nothing here can name another service's data. Engines implement the ports and
//! pass the suites in [`conformance`].

#![warn(missing_docs)]

mod documents;
mod eviction_stamps;
mod key_value;
mod write;

pub mod conformance;
pub mod counter;
pub mod durability;

pub use documents::{
    Collection, Direction, Document, DocumentPage, Documents, FieldValue, Index, IndexPosition,
    Query, StoredDocument,
};
pub use durability::{Commit, CommitError, Watermark};
pub use eviction_stamps::{EvictionStamp, EvictionStamps};
pub use key_value::KeyValue;
pub use write::Write;

/// Why the store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The disk's reserve is reached: nothing is written any more, reading goes on.
    #[error("the disk is nearly full; writing is refused until there is room")]
    Full,
    /// The engine cannot answer at the moment.
    #[error("the store cannot answer: {0}")]
    Unavailable(String),
    /// What is stored cannot be read: written by another version, or damaged.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// A single record is larger than the engine takes.
    #[error("a record of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
}

/// The most bytes of one document, value or event.
pub const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most documents one query returns.
pub const QUERY_DOCUMENTS_MAX: usize = 1_024;

/// Refuses a record that is larger than `limit`. Engines call this before they take a record.
pub fn check_size(bytes: usize, limit: usize) -> Result<(), StorageError> {
    if bytes > limit { Err(StorageError::TooLarge { bytes, limit }) } else { Ok(()) }
}
