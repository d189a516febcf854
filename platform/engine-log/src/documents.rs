//! Document store of one service: the index, and over it the flushed documents that it does not have yet.

use crate::{
    journal::declare,
    log::NewRecord,
    open_log::RunningLog,
    record::RecordEncoder,
    service::{LogService, MemoryDocument},
};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{
    Collection, Commit, CommitError, DocumentPage, Documents, Query, StorageError, StoredDocument,
    Write,
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct LogDocuments {
    log: Arc<RunningLog>,
    service: Arc<LogService>,
}

#[async_trait]
impl Documents for LogDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let newest = {
            let mut guard = self.log.lock();
            let documents = &guard.service(&self.service).documents;
            documents.get(collection.name).and_then(|documents| documents.get(key)).cloned()
        };
        match newest {
            Some(MemoryDocument { body, .. }) => {
                Ok(body.map(|body| StoredDocument { key: key.to_owned(), body }))
            }
            None => self.service.documents.find(collection, key),
        }
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        query.check(collection)?;
        self.wait_until_indexed(collection).await?;
        self.service.documents.query(collection, &query)
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        self.wait_until_indexed(collection).await?;
        self.service.documents.scan(collection, after, limit)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        writes.iter().try_for_each(Write::check)?;
        declare(&self.service, &writes)?;
        let payload = RecordEncoder::documents(&self.service.name, &writes);
        let documents = self.log.hash.documents(&writes);
        let record = NewRecord { documents, ..NewRecord::plain(payload, 0) };
        Ok(self.log.begin_write()?.enqueue(&self.service, record)?.1)
    }
}

impl LogDocuments {
    pub(crate) fn new(log: Arc<RunningLog>, service: Arc<LogService>) -> Self {
        Self { log, service }
    }

    /// Waits until every flushed document of the collection is in the index.
    async fn wait_until_indexed(&self, collection: &Collection) -> Result<(), StorageError> {
        let flushed = {
            let mut guard = self.log.lock();
            let documents = guard.service(&self.service).documents.get(collection.name);
            if documents.is_none_or(super::service::KeyedHashMap::is_empty) {
                return Ok(());
            }
            let flushed = guard.state.flushed_position;
            guard.state.request_index(flushed);
            flushed
        };
        self.log.index_work.notify();
        let unavailable = |lost: CommitError| StorageError::Unavailable(lost.to_string());
        self.log.indexed.wait_for(flushed).await.map_err(unavailable)
    }
}
