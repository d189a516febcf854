//! Writes that travel together, alone or with an append to the journal.

use crate::{Collection, Document, RECORD_BYTES_MAX, StorageError, check_size};

/// One change to a service's documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stores a document, over an older one with the same key.
    Put {
        /// Where.
        collection: &'static Collection,
        /// What.
        document: Document,
    },
    /// Removes a document. Removing nothing is no error.
    Delete {
        /// Where.
        collection: &'static Collection,
        /// Which.
        key: String,
    },
}

impl Write {
    /// Refuses what no engine takes. Engines call this before they take a write.
    pub fn check(&self) -> Result<(), StorageError> {
        match self {
            Self::Put { document, .. } => check_size(document.body.len(), RECORD_BYTES_MAX),
            Self::Delete { .. } => Ok(()),
        }
    }
}
