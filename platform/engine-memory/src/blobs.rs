//! Blob store of one service in memory.

use crate::log::MemoryLog;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use storage::{BLOB_BYTES_MAX, BlobEntry, Blobs, StorageError, check_blob_name, check_size};

/// Blob store handle of one service.
#[derive(Debug)]
pub(crate) struct MemoryBlobs {
    log: Arc<MemoryLog>,
    service: &'static str,
}

impl MemoryBlobs {
    pub(crate) fn new(log: Arc<MemoryLog>, service: &'static str) -> Self {
        Self { log, service }
    }

    fn check_open(&self) -> Result<(), StorageError> {
        if self.log.is_closed() {
            return Err(StorageError::Unavailable("the engine is closed".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn blob(&self, folder: &'static str, name: &str) -> Result<Option<Bytes>, StorageError> {
        check_blob_name(name)?;
        let key = (folder, name.to_owned());
        Ok(self.log.read(self.service, |service| service.blobs.get(&key).cloned()))
    }

    async fn put(
        &self,
        folder: &'static str,
        name: &str,
        content: Bytes,
    ) -> Result<(), StorageError> {
        check_blob_name(name)?;
        check_size(content.len(), BLOB_BYTES_MAX)?;
        self.check_open()?;
        let key = (folder, name.to_owned());
        self.log.read(self.service, |service| service.blobs.insert(key, content));
        Ok(())
    }

    async fn remove(&self, folder: &'static str, name: &str) -> Result<(), StorageError> {
        check_blob_name(name)?;
        self.check_open()?;
        let key = (folder, name.to_owned());
        self.log.read(self.service, |service| service.blobs.remove(&key));
        Ok(())
    }

    async fn list(
        &self,
        folder: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BlobEntry>, StorageError> {
        let from = (folder, after.unwrap_or_default().to_owned());
        Ok(self.log.read(self.service, |service| {
            let blobs = service.blobs.range(from..).take_while(|((it, _), _)| *it == folder);
            let blobs = blobs.filter(|((_, name), _)| Some(name.as_str()) != after).take(limit);
            let entry = |((_, name), content): (&(_, String), &Bytes)| BlobEntry {
                name: name.clone(),
                bytes: content.len() as u64,
            };
            blobs.map(entry).collect()
        }))
    }
}
