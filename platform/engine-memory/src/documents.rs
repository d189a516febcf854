//! Document store of one service in memory.

use crate::log::{FlushEffect, MemoryLog};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{
    Collection, Commit, DocumentPage, Documents, Query, StorageError, StoredDocument, Write,
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct MemoryDocuments {
    log: Arc<MemoryLog>,
    service: &'static str,
}

impl MemoryDocuments {
    pub(crate) fn new(log: Arc<MemoryLog>, service: &'static str) -> Self {
        Self { log, service }
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
}
