//! Document store that takes writes to declared collections alone.

use crate::{
    Collection, Commit, CompareAndSwap, ConditionalDocuments, DocumentPage, Documents, Query,
    StorageError, StoredDocument, Write,
};
use async_trait::async_trait;
use std::sync::Arc;

/// Document store of a service for some of its collections: those that may be elsewhere than its journal. A write to another one is
/// refused as `Unavailable`, before it is stored where nothing that is stored once is safe.
#[derive(Debug)]
pub struct DeclaredDocuments {
    documents: Arc<dyn Documents>,
    collections: Vec<&'static Collection>,
}

impl DeclaredDocuments {
    /// This store, for these collections.
    pub fn new(documents: Arc<dyn Documents>, collections: Vec<&'static Collection>) -> Self {
        Self { documents, collections }
    }

    fn check_all(&self, writes: &[Write]) -> Result<(), StorageError> {
        writes.iter().try_for_each(|write| {
            let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
            self.check(collection)
        })
    }

    fn check(&self, written: &Collection) -> Result<(), StorageError> {
        if self.collections.iter().any(|declared| declared.name == written.name) {
            return Ok(());
        }
        let name = written.name;
        Err(StorageError::Unavailable(format!("{name} is declared to be with the journal")))
    }
}

#[async_trait]
impl Documents for DeclaredDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        self.documents.find(collection, key).await
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        self.documents.query(collection, query).await
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        self.documents.scan(collection, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        self.check_all(&writes)?;
        self.documents.write(writes).await
    }

    fn conditional(&self) -> Option<&dyn ConditionalDocuments> {
        self.documents.conditional().map(|_| -> &dyn ConditionalDocuments { self })
    }
}

#[async_trait]
impl ConditionalDocuments for DeclaredDocuments {
    async fn write_and_swap(
        &self,
        writes: Vec<Write>,
        swap: CompareAndSwap,
    ) -> Result<Option<Commit>, StorageError> {
        self.check_all(&writes)?;
        self.check(swap.collection)?;
        let Some(documents) = self.documents.conditional() else {
            return Err(StorageError::Unavailable(
                "the store has no conditional writes".to_owned(),
            ));
        };
        documents.write_and_swap(writes, swap).await
    }
}
