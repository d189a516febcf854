//! Writes that travel together, alone or with an append to the journal.

use crate::{Collection, Document};

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
