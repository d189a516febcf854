//! Document store of one service.

use crate::{batch::WriteOperation, readers::Readers, statements, writer::WriterHandle};
use async_trait::async_trait;
use std::sync::Arc;
use storage::{
    Collection, Commit, Direction, DocumentPage, Documents, QUERY_DOCUMENTS_MAX, Query,
    StorageError, StoredDocument, Write,
    index_entry::{self, EntryRange},
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct PostgresDocuments {
    pub(crate) writer: WriterHandle,
    pub(crate) readers: Arc<Readers>,
}

#[async_trait]
impl Documents for PostgresDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let row = self.readers.row(statements::FIND, &[&collection.name, &key.as_bytes()]).await?;
        Ok(row.map(|row| StoredDocument {
            key: key.to_owned(),
            body: row.get::<_, Vec<u8>>(0).into(),
        }))
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let EntryRange { from, until } = EntryRange::of_page(&query);
        let sql = match query.direction {
            Direction::Ascending => statements::QUERY_ASCENDING,
            Direction::Descending => statements::QUERY_DESCENDING,
        };
        // One more than the page has tells whether there is another page.
        let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let rows = self
            .readers
            .query(sql, &[&collection.name, &index.name, &from, &until, &count])
            .await?;
        let mut documents = Vec::with_capacity(rows.len().min(limit));
        for row in rows.iter().take(limit) {
            documents.push(stored(row.get(1), row.get(2))?);
        }
        let last = rows.get(limit - 1).filter(|_| rows.len() > limit);
        let position = last.map(|row| {
            let position = index_entry::decode(row.get(0), index.fields.len());
            position.ok_or_else(|| StorageError::Corrupt(format!("an entry of {}", index.name)))
        });
        Ok(DocumentPage { documents, next: position.transpose()? })
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        let count = i64::try_from(limit.min(QUERY_DOCUMENTS_MAX)).unwrap_or(i64::MAX);
        let rows = match after {
            None => self.readers.query(statements::SCAN, &[&collection.name, &count]).await?,
            Some(after) => {
                let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                    [&collection.name, &count, &after.as_bytes()];
                self.readers.query(statements::SCAN_AFTER, &parameters).await?
            }
        };
        rows.iter().map(|row| stored(row.get(0), row.get(1))).collect()
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        for write in &writes {
            write.check()?;
        }
        if !writes.is_empty() {
            self.writer.run(|reply| WriteOperation::Write { writes, reply }).await?;
        }
        Ok(Commit::durable())
    }
}

fn stored(key: &[u8], body: &[u8]) -> Result<StoredDocument, StorageError> {
    let key = String::from_utf8(key.to_vec());
    let key = key.map_err(|_| StorageError::Corrupt("the key of a document".to_owned()))?;
    Ok(StoredDocument { key, body: bytes::Bytes::copy_from_slice(body) })
}
