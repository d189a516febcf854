//! Document write: part of an atomic batch, alone or together with an append to the journal.

use crate::{Collection, Document, RECORD_BYTES_MAX, StorageError, check_size};

/// Write to one document of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Upsert: stores a document, in place of an older one with the same key.
    Put {
        /// Collection that the document belongs to.
        collection: &'static Collection,
        /// Document to store.
        document: Document,
    },
    /// Deletion. Deleting a document that does not exist is no error.
    Delete {
        /// Collection that the document belongs to.
        collection: &'static Collection,
        /// Key of the document.
        key: String,
    },
}

impl Write {
    /// Validates the size limits that all engines share. Engines call this before they accept a write.
    ///
    /// # Errors
    ///
    /// [`StorageError::TooLarge`] when the body exceeds [`RECORD_BYTES_MAX`].
    pub fn check(&self) -> Result<(), StorageError> {
        match self {
            Self::Put { document, .. } => check_size(document.body.len(), RECORD_BYTES_MAX),
            Self::Delete { .. } => Ok(()),
        }
    }
}
