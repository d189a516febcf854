//! Document index (port): documents of a log in an index beside it, which can be made again from the log at any time.

use data_folder::OpenError;
use std::{fmt::Debug, sync::Arc};
use storage::{Collection, DocumentPage, FieldValue, Query, StorageError, StoredDocument};

/// Write to a document as a log holds it: without the declaration of its collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedWrite<'log> {
    /// Service that owns the document.
    pub service: &'log str,
    /// Name of the collection.
    pub collection: &'log str,
    /// Key of the document.
    pub key: &'log str,
    /// Body and fields; `None` deletes the document.
    pub document: Option<IndexedBody<'log>>,
}

/// Body and fields of a document.
pub type IndexedBody<'log> = (&'log [u8], Vec<(&'log str, FieldValue)>);

/// Document index of one log (port).
pub trait DocumentIndex: Send + Sync + Debug {
    /// Place of the log up to which the index has everything; 0 for a new index.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be read.
    fn mark(&self) -> Result<u64, StorageError>;

    /// Mark that the index has after any crash and power failure. `None` while that is not known.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be written.
    fn durable_mark(&self) -> Result<Option<u64>, StorageError>;

    /// Applies writes in their order, and moves the mark, all or none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be written; nothing is applied then.
    fn apply(&self, writes: &[IndexedWrite<'_>], mark: u64) -> Result<(), StorageError>;

    /// Closes the index.
    fn close(&self);

    /// Documents of the service of this name.
    fn service(self: Arc<Self>, name: &str) -> Arc<dyn IndexedDocuments>;
}

/// Documents of one service in an index (port).
pub trait IndexedDocuments: Send + Sync + Debug {
    /// Makes what the index has of the collection match its declaration.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be written.
    fn declare(&self, collection: &'static Collection) -> Result<(), StorageError>;

    /// Looks up a document.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be read.
    fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError>;

    /// One page of a query.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when no such index is declared or it cannot be read.
    fn query(
        &self,
        collection: &'static Collection,
        query: &Query,
    ) -> Result<DocumentPage, StorageError>;

    /// Documents whose keys come after `after`, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the index cannot be read.
    fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError>;
}

/// Store of a document index (port): where it is found, and made again.
pub trait IndexStore: Send + Sync + Debug {
    /// Identifies the index before anything is opened for writing; returns whether there is one. One that is damaged passes:
    /// it can be made again.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotADatabase`] for another file in its place, and [`OpenError::NewerFormat`] for the index of a later
    /// release.
    fn identify(&self) -> Result<bool, OpenError>;

    /// Opens the index, and creates it when it is missing.
    ///
    /// # Errors
    ///
    /// Those of [`IndexStore::identify`], [`OpenError::Damaged`], and others when it cannot be opened.
    fn open(&self) -> Result<Arc<dyn DocumentIndex>, OpenError>;

    /// Removes the index, so that it is made again.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it cannot be removed.
    fn remove(&self) -> Result<(), OpenError>;
}
