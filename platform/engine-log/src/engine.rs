//! Storage engine on a log: the data folder, one log for all services, and a second one for bulk data.

use crate::{
    disk::{Disk, FolderDisk},
    documents::LogDocuments,
    folder_state::LogFolderState,
    journal::LogJournal,
    key_value::LogKeyValue,
    log::FlushPolicy,
    open_log::OpenLog,
    options::LogOptions,
    recovery::LogOpener,
    segments::Segments,
};
use ::journal::ServiceStorage;
use data_folder::{BlobFolder, FolderBlobs, OpenError, Statistics};
use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::Arc,
};
use storage::{CommitError, Watermark};

/// Name of the services' log, and of the bulk log.
const LOG: &str = "icommerce";
const BULK_LOG: &str = "bulk";

/// Storage engine on a log: all storage of one process, in one data folder.
///
/// The folder holds the segments and runs of two logs (`icommerce.000001.log`, `icommerce.000001-000008.run`, and the same of
/// `bulk`), the indexes of their documents (`icommerce.db`, `bulk.db`), which are made again from the logs when they are
/// missing, a folder for each service that has blobs, `icommerce.state` and `icommerce.lock`. One engine at a time has it open.
/// Its owner alone has access.
///
/// When the engine and every handle it gave out are dropped, queued writes are still flushed, but nothing can wait for that;
/// [`LogEngine::close`] waits. Clones share the same engine.
///
/// ```
/// use engine_log::{LogEngine, LogOptions};
/// use kernel::Timestamp;
/// use std::error::Error;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn Error>> {
/// let folder = tempfile::tempdir()?;
/// let options = LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() };
/// let engine = LogEngine::open(folder.path(), options.clone())?;
/// let values = engine.service("example").key_value;
/// let commit = values.put("colour", "red".into(), None).await?;
/// commit.wait().await?; // the value survives a crash from here on
/// assert!(engine.statistics().flushes >= 1);
/// engine.close().await?;
///
/// let engine = LogEngine::open(folder.path(), options)?;
/// let values = engine.service("example").key_value;
/// let found = values.value("colour", Timestamp::UNIX_EPOCH).await?;
/// assert_eq!(found.as_deref(), Some(&b"red"[..]));
/// engine.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LogEngine {
    log: Arc<OpenLog>,
    bulk: Arc<OpenLog>,
    blobs: Arc<BlobFolder>,
}

impl LogEngine {
    /// Opens the data folder, and creates it when it is missing. After a crash, recovery runs first.
    ///
    /// # Errors
    ///
    /// [`OpenError`], by variant: the folder cannot be written to, is locked by another engine, or its disk is full; a file in
    /// it is of another format, damaged, or missing although the folder had it.
    pub fn open(folder: &Path, options: LogOptions) -> Result<Self, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(FolderDisk(folder.to_owned()));
        Self::open_on(folder, &disk, options)
    }

    /// Opens the data folder with the files of its logs on this disk.
    ///
    /// # Errors
    ///
    /// Those of [`LogEngine::open`].
    pub fn open_on(
        folder: &Path,
        disk: &Arc<dyn Disk>,
        options: LogOptions,
    ) -> Result<Self, OpenError> {
        let lock = Arc::new(data_folder::lock(folder)?);
        let failed = |error: std::io::Error| data_folder::open_error(folder, &error);
        let state = Arc::new(LogFolderState::read(folder, Arc::clone(disk)).map_err(failed)?);
        let opener = |log: &'static str| {
            let segments = Segments::new(Arc::clone(disk), log, options.segment_bytes_max);
            let (index_file, secret) = (format!("{log}.db"), new_secret());
            LogOpener { folder, segments, state: &state, index_file, secret }
        };
        let (log, bulk) = (opener(LOG), opener(BULK_LOG));
        let (log_found, bulk_found) = (log.find()?, bulk.find()?);
        if log_found.is_none() && bulk_found.is_some() {
            return Err(state.missing(&log.segments.name(1)));
        }
        if data_folder::is_full(folder) {
            return Err(OpenError::DiskFull { folder: folder.to_owned() });
        }
        let blobs = Arc::new(BlobFolder::open(folder, options.disk_reserve_bytes));
        let (log, bulk) = (log.open(log_found)?, bulk.open(bulk_found)?);
        // What may lag must not take the room that the services need to the end.
        let disk_reserve_bytes = options.disk_reserve_bytes.saturating_mul(2);
        let bulk_options = LogOptions { disk_reserve_bytes, ..options.clone() };
        let start = |opened, options, policy| {
            OpenLog::start(folder, opened, options, policy, Arc::clone(&lock), Arc::clone(&state))
        };
        let log = Arc::new(start(log, options, FlushPolicy::Immediate)?);
        let bulk = Arc::new(start(bulk, bulk_options, FlushPolicy::Lingering)?);
        data_folder::restrict(folder);
        Ok(Self { log, bulk, blobs })
    }

    /// Whether the folder is one of this engine, complete or not. Creates nothing.
    pub fn has_filled(folder: &Path) -> bool {
        let disk: Arc<dyn Disk> = Arc::new(FolderDisk(folder.to_owned()));
        let first = |log| format!("{log}.000001.log");
        [first(LOG), first(BULK_LOG)].iter().any(|file| folder.join(file).is_file())
            || LogFolderState::read(folder, disk).is_ok_and(|state| state.reached(LOG).is_some())
    }

    /// Storage handles of one service. The same name gives handles to the same storage.
    ///
    /// # Panics
    ///
    /// When what the log has of the service cannot be read.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, &self.blobs, name)
    }

    /// Storage handles for bulk data that may lag: it has a log and a writer of its own, so that it never delays the services.
    ///
    /// # Panics
    ///
    /// When what the log has of the service cannot be read.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.bulk, &self.blobs, name)
    }

    /// High-watermark of the services' log.
    pub fn watermark(&self) -> &Arc<Watermark> {
        &self.log.watermark
    }

    /// Closes the engine: refuses later writes with `Unavailable`, flushes what is queued, brings it into the index, and
    /// releases the folder.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when a flush failed, now or earlier: unflushed writes are lost.
    pub async fn close(&self) -> Result<(), CommitError> {
        self.log.close();
        self.bulk.close();
        let failures = [self.log.wait_until_stopped().await, self.bulk.wait_until_stopped().await];
        if failures.iter().all(Option::is_none) { Ok(()) } else { Err(CommitError) }
    }

    /// Waits until a flush fails, and returns the reason: the process must stop, and start again from what is flushed. Never
    /// returns for an engine that is closed without a failure.
    pub async fn failed(&self) -> String {
        tokio::select! {
            reason = self.log.failed() => reason,
            reason = self.bulk.failed() => reason,
        }
    }

    /// Statistics of the services' log.
    pub fn statistics(&self) -> Statistics {
        self.log.counters.snapshot()
    }

    /// Statistics of the bulk log.
    pub fn bulk_statistics(&self) -> Statistics {
        self.bulk.counters.snapshot()
    }
}

fn storage_of(log: &Arc<OpenLog>, blobs: &Arc<BlobFolder>, name: &'static str) -> ServiceStorage {
    let service = log.service(name).expect("the log can be read");
    ServiceStorage {
        journal: Arc::new(LogJournal::new(Arc::clone(log), Arc::clone(&service))),
        documents: Arc::new(LogDocuments::new(Arc::clone(log), Arc::clone(&service))),
        key_value: Arc::new(LogKeyValue::new(Arc::clone(log), service)),
        blobs: Arc::new(FolderBlobs::new(Arc::clone(blobs), name)),
    }
}

/// Secret of a new log's hashes.
fn new_secret() -> [u8; 16] {
    let mut secret = [0; 16];
    for (half, number) in secret.chunks_exact_mut(8).zip(0_u8..) {
        half.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    secret
}
