//! Storage engine on `SQLite`: the data folder, one log for all services, and a second one for bulk data.

use crate::{
    documents::SqliteDocuments,
    folder_state::{self, FolderState},
    journal::SqliteJournal,
    key_value::SqliteKeyValue,
    log::FlushPolicy,
    open,
    open_log::OpenLog,
    options::Options,
};
use ::journal::ServiceStorage;
use data_folder::{BlobFolder, FolderBlobs, OpenError, Statistics};
use std::{path::Path, sync::Arc};
use storage::{CommitError, Watermark};

const DATABASE_FILE: &str = "icommerce.db";
pub(crate) const BULK_FILE: &str = "bulk.db";

/// Storage engine on `SQLite`: all storage of one process, in one data folder.
///
/// The folder holds `icommerce.db` (the services), `bulk.db` (data that may lag), a folder for each service that has blobs,
/// `icommerce.state` (which databases the folder has) and `icommerce.lock`. One engine at a time has it open. Its owner
/// alone has access.
///
/// When the engine and every handle it gave out are dropped, queued writes are still flushed, but nothing can wait for that;
/// [`SqliteEngine::close`] waits. Clones share the same engine.
///
/// ```
/// use engine_sqlite::{Options, SqliteEngine};
/// use kernel::Timestamp;
/// use std::error::Error;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn Error>> {
/// let folder = tempfile::tempdir()?;
/// let options = Options { disk_reserve_bytes: 0, ..Options::default() };
/// let engine = SqliteEngine::open(folder.path(), options.clone())?;
/// let values = engine.service("example").key_value;
/// let commit = values.put("colour", "red".into(), None).await?;
/// commit.wait().await?; // the value survives a crash from here on
/// assert!(engine.statistics().flushes >= 1);
/// engine.close().await?;
///
/// let engine = SqliteEngine::open(folder.path(), options)?;
/// let values = engine.service("example").key_value;
/// let found = values.value("colour", Timestamp::UNIX_EPOCH).await?;
/// assert_eq!(found.as_deref(), Some(&b"red"[..]));
/// engine.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteEngine {
    log: Arc<OpenLog>,
    bulk: Arc<OpenLog>,
    blobs: Arc<BlobFolder>,
}

impl SqliteEngine {
    /// Opens the data folder, and creates it when it is missing. After a crash, recovery runs first.
    ///
    /// # Errors
    ///
    /// [`OpenError`], by variant: the folder cannot be written to, is locked by another engine, or its disk is full; a file in
    /// it is of a newer format, damaged, not a database of ours, or missing although the folder had it. No database in the
    /// folder is changed then.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = Arc::new(data_folder::lock(folder)?);
        let state = Arc::new(FolderState::read(
            folder,
            folder_state::STATE_FILE,
            &[DATABASE_FILE, BULK_FILE],
        )?);
        open::identify(folder, DATABASE_FILE, &state)?;
        open::identify(folder, BULK_FILE, &state)?;
        let database = folder.join(DATABASE_FILE);
        let has_database = database.metadata().is_ok_and(|file| file.len() > 0);
        if !has_database && open::is_filled(&folder.join(BULK_FILE)) {
            return Err(state.missing(DATABASE_FILE));
        }
        let blobs = Arc::new(BlobFolder::open(folder, options.disk_reserve_bytes));
        // What may lag must not take the room that the services need to the end.
        let disk_reserve_bytes = options.disk_reserve_bytes.saturating_mul(2);
        let bulk_options = Options { disk_reserve_bytes, ..options };
        let (file, policy) = (DATABASE_FILE, FlushPolicy::Immediate);
        let (shared_lock, shared_state) = (Arc::clone(&lock), Arc::clone(&state));
        let log = OpenLog::open(folder, file, options, policy, shared_lock, shared_state)?;
        let (file, policy) = (BULK_FILE, FlushPolicy::Lingering);
        let bulk = OpenLog::open(folder, file, bulk_options, policy, lock, state)?;
        data_folder::restrict(folder);
        Ok(Self { log: Arc::new(log), bulk: Arc::new(bulk), blobs })
    }

    /// Whether the folder is one of an earlier run, complete or not. Creates nothing.
    pub fn has_filled(folder: &Path) -> bool {
        [DATABASE_FILE, BULK_FILE, folder_state::STATE_FILE]
            .iter()
            .any(|file| folder.join(file).is_file())
    }

    /// Storage handles of one service. The same name gives handles to the same storage.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, &self.blobs, name)
    }

    /// Storage handles for bulk data that may lag: it has a file and a writer of its own, so that it never delays the
    /// services.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.bulk, &self.blobs, name)
    }

    /// High-watermark of the services' log.
    pub fn watermark(&self) -> &Arc<Watermark> {
        &self.log.watermark
    }

    /// Closes the engine: refuses later writes with `Unavailable`, flushes what is queued, applies it to the tables, and
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

pub(crate) fn storage_of(
    log: &Arc<OpenLog>,
    blobs: &Arc<BlobFolder>,
    name: &'static str,
) -> ServiceStorage {
    let service = log.service(name);
    ServiceStorage {
        journal: Arc::new(SqliteJournal::new(Arc::clone(log), Arc::clone(&service))),
        documents: Arc::new(SqliteDocuments::new(Arc::clone(log), Arc::clone(&service))),
        key_value: Arc::new(SqliteKeyValue::new(Arc::clone(log), service)),
        blobs: Arc::new(FolderBlobs::new(Arc::clone(blobs), name)),
    }
}
