//! Bulk store: the bulk log alone, for an engine that keeps the services in another way.

use crate::{
    engine::{BULK_FILE, storage_of},
    folder_state::FolderState,
    log::FlushPolicy,
    open,
    open_log::OpenLog,
    options::Options,
};
use ::journal::ServiceStorage;
use data_folder::{BlobFolder, FolderLock, OpenError, Statistics};
use std::{path::Path, sync::Arc};

/// File that says whether the folder has the database.
const STATE_FILE: &str = "bulk.state";

/// Bulk store in `bulk.db`.
#[derive(Clone, Debug)]
pub struct BulkStore {
    log: Arc<OpenLog>,
    blobs: Arc<BlobFolder>,
}

impl BulkStore {
    /// Identifies the database before anything in the folder is opened for writing; returns whether it has content.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it is not one of ours, of a later format, or missing although the folder had it.
    pub fn identify(folder: &Path) -> Result<bool, OpenError> {
        let state = FolderState::read(folder, STATE_FILE, &[BULK_FILE])?;
        open::identify(folder, BULK_FILE, &state)?;
        Ok(open::is_filled(&folder.join(BULK_FILE)))
    }

    /// Opens the [identified](Self::identify) database in a locked folder, and creates it when it is missing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it cannot be opened.
    pub fn open(
        folder: &Path,
        options: Options,
        lock: Arc<FolderLock>,
        blobs: Arc<BlobFolder>,
    ) -> Result<Self, OpenError> {
        let state = Arc::new(FolderState::read(folder, STATE_FILE, &[BULK_FILE])?);
        let policy = FlushPolicy::Lingering;
        let log = OpenLog::open(folder, BULK_FILE, options, policy, lock, state)?;
        Ok(Self { log: Arc::new(log), blobs })
    }

    /// Storage handles of one service.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, &self.blobs, name)
    }

    /// Refuses later writes; what is queued is still flushed.
    pub fn close(&self) {
        self.log.close();
    }

    /// Waits until everything is flushed and the file is closed; returns the reason if a flush failed.
    pub async fn wait_until_stopped(&self) -> Option<String> {
        self.log.wait_until_stopped().await
    }

    /// Waits until a flush fails, and returns the reason.
    pub async fn failed(&self) -> String {
        self.log.failed().await
    }

    /// Statistics of the log.
    pub fn statistics(&self) -> Statistics {
        self.log.counters.snapshot()
    }
}
