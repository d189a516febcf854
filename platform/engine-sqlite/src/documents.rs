//! A service's documents in the database.

use crate::{
    apply::address,
    engine::OpenLog,
    operation::Operation,
    query::Walk,
    readers::{number, unreadable},
    service::Service,
};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::OptionalExtension;
use std::sync::Arc;
use storage::{
    Collection, Commit, DocumentPage, Documents, QUERY_DOCUMENTS_MAX, Query, StorageError,
    StoredDocument, Write,
};

#[derive(Debug)]
pub(crate) struct SqliteDocuments {
    log: Arc<OpenLog>,
    service: Arc<Service>,
}

/// Whether a collection can be read.
enum Table {
    Ready,
    /// Nothing was ever written to it.
    Missing,
}

#[async_trait]
impl Documents for SqliteDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let laid_over =
            self.log.look(&self.service, |state| state.document(collection.name, key).cloned());
        if let Some(laid) = laid_over {
            return Ok(laid.entry.map(|body| StoredDocument { key: key.to_owned(), body }));
        }
        let Table::Ready = self.table(collection).await? else { return Ok(None) };
        let sql = format!(
            "SELECT body FROM {} WHERE key = ?1",
            self.service.tables.collection(collection)
        );
        self.log.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(unreadable)?;
            let found = select
                .query_row([key], |row| row.get::<_, Vec<u8>>(0))
                .optional()
                .map_err(unreadable)?;
            Ok(found.map(|body| StoredDocument { key: key.to_owned(), body: Bytes::from(body) }))
        })
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        let Table::Ready = self.table(collection).await? else {
            return Ok(DocumentPage::default());
        };
        self.log.tables_have(&self.service, collection.name).await?;
        let Some(walk) = Walk::new(&self.service.tables, collection, index, &query) else {
            return Ok(DocumentPage::default());
        };
        self.log.readers.read(|connection| walk.run(connection).map_err(unreadable))
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        let Table::Ready = self.table(collection).await? else { return Ok(Vec::new()) };
        self.log.tables_have(&self.service, collection.name).await?;
        let (comparison, after) = after.map_or((">=", ""), |after| (">", after));
        let sql = format!(
            "SELECT key, body FROM {} WHERE key {comparison} ?1 ORDER BY key LIMIT ?2",
            self.service.tables.collection(collection)
        );
        let limit = number(limit.min(QUERY_DOCUMENTS_MAX) as u64);
        self.log.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(unreadable)?;
            let found = select.query_map((after, limit), |row| {
                let (key, body) = (row.get(0)?, row.get::<_, Vec<u8>>(1)?);
                Ok(StoredDocument { key, body: Bytes::from(body) })
            });
            found.and_then(Iterator::collect).map_err(unreadable)
        })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        writes.iter().try_for_each(Write::check)?;
        self.log.queue(&self.service, Operation::Documents(writes))
    }
}

impl SqliteDocuments {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<Service>) -> Self {
        Self { log, service }
    }

    /// Sees to it, once in a process, that the collection's table is what its declaration asks for.
    async fn table(&self, collection: &'static Collection) -> Result<Table, StorageError> {
        if self.service.ready.read().contains(&address(collection)) {
            return Ok(Table::Ready);
        }
        if !self.log.has_table(&self.service.tables.collection_name(collection)) {
            return Ok(Table::Missing);
        }
        let is_complete = self.log.readers.read(|connection| {
            self.service.tables.is_complete(connection, collection).map_err(unreadable)
        })?;
        match is_complete {
            None => return Ok(Table::Missing),
            Some(true) => {}
            Some(false) => {
                let commit = self.log.queue(&self.service, Operation::Collection(collection))?;
                commit
                    .wait()
                    .await
                    .map_err(|voided| StorageError::Unavailable(voided.to_string()))?;
            }
        }
        self.service.ready.write().insert(address(collection));
        Ok(Table::Ready)
    }
}
