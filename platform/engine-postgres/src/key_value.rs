//! Key-value store of one service.

use crate::{batch::WriteOperation, readers::Readers, statements, writer::WriterHandle};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::sync::Arc;
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError};

/// Key-value store handle of one service.
#[derive(Debug)]
pub(crate) struct PostgresKeyValue {
    pub(crate) writer: WriterHandle,
    pub(crate) readers: Arc<Readers>,
}

#[async_trait]
impl KeyValue for PostgresKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
            [&key.as_bytes(), &now.as_microsecond()];
        let row = self.readers.row(statements::VALUE, &parameters).await?;
        Ok(row.map(|row| row.get::<_, Vec<u8>>(0).into()))
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        storage::check_size(value.len(), RECORD_BYTES_MAX)?;
        let key = key.to_owned();
        self.writer.run(|reply| WriteOperation::Put { key, value, expires_at, reply }).await?;
        Ok(Commit::durable())
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        let key = key.to_owned();
        self.writer.run(|reply| WriteOperation::Remove { key, reply }).await?;
        Ok(Commit::durable())
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        let key = key.to_owned();
        self.writer.run(|reply| WriteOperation::Add { key, by, now, expires_at, reply }).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        self.writer.run(|reply| WriteOperation::Sweep { now, limit, reply }).await
    }
}
