//! Document store of one service in memory.

use crate::log::{FlushEffect, MemoryLog};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{
    Collection, Commit, CompareAndSwap, ConditionalDocuments, DocumentPage, Documents, Query,
    StorageError, StoredDocument, Write,
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct MemoryDocuments {
    log: Arc<MemoryLog>,
    service: &'static str,
    /// Whether its log is apart from the journal's.
    is_apart: bool,
}

impl MemoryDocuments {
    pub(crate) fn new(log: Arc<MemoryLog>, service: &'static str) -> Self {
        Self { log, service, is_apart: false }
    }

    /// The store in a log apart from the journal's, which flushes each write at once.
    pub(crate) fn apart(log: Arc<MemoryLog>, service: &'static str) -> Self {
        Self { log, service, is_apart: true }
    }
}

#[async_trait]
impl Documents for MemoryDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        Ok(self.log.read(self.service, |service| {
            service.collections.get(collection).and_then(|documents| documents.find(key))
        }))
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        query.check(collection)?;
        Ok(self.log.read(self.service, |service| {
            let documents = service.collections.get(collection);
            documents.map(|documents| documents.query(&query)).unwrap_or_default()
        }))
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        Ok(self.log.read(self.service, |service| {
            let documents = service.collections.get(collection);
            documents.map(|documents| documents.scan(after, limit)).unwrap_or_default()
        }))
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        for write in &writes {
            write.check()?;
        }
        let effect = FlushEffect::Documents(writes);
        let ((), commit) =
            self.log.write(self.service, |_, _| Ok::<_, StorageError>(((), Some((1, effect)))))?;
        Ok(commit)
    }

    fn conditional(&self) -> Option<&dyn ConditionalDocuments> {
        self.is_apart.then_some(self)
    }
}

#[async_trait]
impl ConditionalDocuments for MemoryDocuments {
    async fn write_and_swap(
        &self,
        mut writes: Vec<Write>,
        swap: CompareAndSwap,
    ) -> Result<Option<Commit>, StorageError> {
        swap.check(&writes)?;
        let put = Write::Put { collection: swap.collection, document: swap.document.clone() };
        writes.push(put);
        for write in &writes {
            write.check()?;
        }
        let (is_met, commit) = self.log.write(self.service, |service, _| {
            let documents = service.collections.get(swap.collection);
            let found = documents.and_then(|documents| documents.find(&swap.document.key));
            let is_met = swap.is_met(found.as_ref());
            let effect = is_met.then_some((1, FlushEffect::Documents(writes)));
            Ok::<_, StorageError>((is_met, effect))
        })?;
        Ok(is_met.then_some(commit))
    }
}
