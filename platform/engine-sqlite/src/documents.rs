//! Document store of one service in the database.

use crate::{
    index_scan::IndexScan, open_log::OpenLog, reader_pool::storage_error, service::SqliteService,
    sql_value::bound, table_writer::address, write_operation::WriteOperation,
};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::OptionalExtension;
use std::sync::Arc;
use storage::{
    Collection, Commit, DocumentPage, Documents, QUERY_DOCUMENTS_MAX, Query, StorageError,
    StoredDocument, Write,
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct SqliteDocuments {
    log: Arc<OpenLog>,
    service: Arc<SqliteService>,
}

/// State of a collection's table.
enum CollectionTable {
    /// It matches the declaration.
    Ready,
    /// Nothing was ever written to the collection.
    Missing,
}

#[async_trait]
impl Documents for SqliteDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let unapplied = self.log.with_state(&self.service, |state| {
            state.unapplied_document(collection.name, key).cloned()
        });
        if let Some(newest) = unapplied {
            return Ok(newest.entry.map(|body| StoredDocument { key: key.to_owned(), body }));
        }
        let CollectionTable::Ready = self.prepare_table(collection).await? else { return Ok(None) };
        let sql = format!(
            "SELECT body FROM {} WHERE key = ?1",
            self.service.tables.collection(collection)
        );
        self.log.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(storage_error)?;
            let found = select
                .query_row([key], |row| row.get::<_, Vec<u8>>(0))
                .optional()
                .map_err(storage_error)?;
            Ok(found.map(|body| StoredDocument { key: key.to_owned(), body: Bytes::from(body) }))
        })
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        let CollectionTable::Ready = self.prepare_table(collection).await? else {
            return Ok(DocumentPage::default());
        };
        self.log.wait_until_applied(&self.service, collection.name).await?;
        let Some(scan) = IndexScan::new(&self.service.tables, collection, index, &query) else {
            return Ok(DocumentPage::default());
        };
        self.log.readers.read(|connection| scan.run(connection).map_err(storage_error))
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        let CollectionTable::Ready = self.prepare_table(collection).await? else {
            return Ok(Vec::new());
        };
        self.log.wait_until_applied(&self.service, collection.name).await?;
        let (comparison, after) = after.map_or((">=", ""), |after| (">", after));
        let sql = format!(
            "SELECT key, body FROM {} WHERE key {comparison} ?1 ORDER BY key LIMIT ?2",
            self.service.tables.collection(collection)
        );
        let limit = bound(limit.min(QUERY_DOCUMENTS_MAX) as u64);
        self.log.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(storage_error)?;
            let found = select.query_map((after, limit), |row| {
                let (key, body) = (row.get(0)?, row.get::<_, Vec<u8>>(1)?);
                Ok(StoredDocument { key, body: Bytes::from(body) })
            });
            found.and_then(Iterator::collect).map_err(storage_error)
        })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        writes.iter().try_for_each(Write::check)?;
        self.log.enqueue(&self.service, WriteOperation::Documents(writes))
    }
}

impl SqliteDocuments {
    pub(crate) fn new(log: Arc<OpenLog>, service: Arc<SqliteService>) -> Self {
        Self { log, service }
    }

    /// Makes the collection's table match its declaration, once in a process.
    async fn prepare_table(
        &self,
        collection: &'static Collection,
    ) -> Result<CollectionTable, StorageError> {
        if self.service.ready_collections.read().contains(&address(collection)) {
            return Ok(CollectionTable::Ready);
        }
        if !self.log.contains_table(&self.service.tables.collection_name(collection)) {
            return Ok(CollectionTable::Missing);
        }
        let is_complete = self.log.readers.read(|connection| {
            self.service.tables.is_complete(connection, collection).map_err(storage_error)
        })?;
        match is_complete {
            None => return Ok(CollectionTable::Missing),
            Some(true) => {}
            Some(false) => {
                let commit =
                    self.log.enqueue(&self.service, WriteOperation::Collection(collection))?;
                commit.wait().await.map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
            }
        }
        self.service.ready_collections.write().insert(address(collection));
        Ok(CollectionTable::Ready)
    }
}
