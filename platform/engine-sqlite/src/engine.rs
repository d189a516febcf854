//! The engine: the data folder, one log for all services, one more for bulk.

use crate::{
    checkpoint::Checkpoints,
    documents::SqliteDocuments,
    folder::{self, Hold},
    journal::SqliteJournal,
    key_value::SqliteKeyValue,
    log::{Log, Pace},
    open::{self, OpenError},
    options::Options,
    recovery, schema,
    statistics::Statistics,
    writer::Writer,
};
use ::journal::ServiceStorage;
use std::{ops::Deref, path::Path, sync::Arc};
use storage::{CommitError, Watermark};

const DATABASE_FILE: &str = "icommerce.db";
const BULK_FILE: &str = "bulk.db";

/// All storage of one process, in one folder.
///
/// When the engine and every handle it gave out are dropped, what is queued is still flushed, but nobody can wait
/// for it; [`SqliteEngine::close`] waits.
#[derive(Clone, Debug)]
pub struct SqliteEngine {
    log: Arc<OpenLog>,
    bulk: Arc<OpenLog>,
}

/// A log with a writer. The writer ends when the last of these is dropped.
#[derive(Debug)]
pub(crate) struct OpenLog(Arc<Log>);

impl SqliteEngine {
    /// Opens the data folder and makes it where it is missing.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = Arc::new(folder::hold(folder)?);
        let log =
            OpenLog::open(folder, DATABASE_FILE, options.clone(), Pace::AtOnce, Arc::clone(&lock))?;
        let bulk = OpenLog::open(folder, BULK_FILE, options, Pace::Lagging, lock)?;
        Ok(Self { log: Arc::new(log), bulk: Arc::new(bulk) })
    }

    /// Whether an engine has kept its data in this folder before. Looks, and makes nothing.
    pub fn has_filled(folder: &Path) -> bool {
        folder.join(DATABASE_FILE).is_file()
    }

    /// The storage of one service. Asking again gives handles to the same storage.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.log, name)
    }

    /// Storage for what may lag: it has a file and a writer of its own and is never in the way of the others.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        storage_of(&self.bulk, name)
    }

    /// How far the services' log is flushed.
    pub fn tail(&self) -> &Arc<Watermark> {
        &self.log.tail
    }

    /// Flushes everything, brings it into the database, frees the folder. Writes that come later are refused.
    pub async fn close(&self) -> Result<(), CommitError> {
        self.log.close();
        self.bulk.close();
        let failures = [self.log.freed().await, self.bulk.freed().await];
        if failures.iter().all(Option::is_none) { Ok(()) } else { Err(CommitError) }
    }

    /// Returns when a flush has failed, with the reason: the process must stop and start again from what is on the
    /// disk. An engine that is closed in peace never returns from here.
    pub async fn failed(&self) -> String {
        tokio::select! {
            reason = self.log.failed() => reason,
            reason = self.bulk.failed() => reason,
        }
    }

    /// What the writer of the services' log did.
    pub fn statistics(&self) -> Statistics {
        self.log.counters.read()
    }

    /// What the writer of the bulk log did.
    pub fn bulk_statistics(&self) -> Statistics {
        self.bulk.counters.read()
    }
}

impl OpenLog {
    fn open(
        folder: &Path,
        file: &str,
        options: Options,
        pace: Pace,
        lock: Arc<Hold>,
    ) -> Result<Self, OpenError> {
        let path = folder.join(file);
        let mut connection = open::open(folder, &path)?;
        match recovery::recover(&connection) {
            Ok(0) => {}
            Ok(batches) => tracing::info!(
                file,
                batches,
                "the last stop was sudden; the tables have all of the log now"
            ),
            Err(error) => return Err(open::unrecovered(folder, &path, &error)),
        }
        let contents =
            schema::contents(&connection).map_err(|error| open::explain(folder, &path, &error))?;
        let log = Arc::new(Log::new(folder, &path, contents, options, pace));
        if pace == Pace::AtOnce {
            let wanting = Arc::downgrade(&log);
            log.tail.on_demand(move |position| {
                if let Some(log) = wanting.upgrade() {
                    log.want(position);
                }
            });
        }
        let failed = |error: std::io::Error| {
            let (file, reason) = (path.clone(), error.to_string());
            OpenError::Failed { file, reason }
        };
        let beside = open::open_again(folder, &path)?;
        let checkpoints =
            Checkpoints::start(Arc::clone(&log), &mut connection, beside, &path).map_err(failed)?;
        let writer = Writer::new(Arc::clone(&log), connection, checkpoints, lock);
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        thread.spawn(move || writer.run()).map_err(failed)?;
        Ok(Self(log))
    }
}

impl Deref for OpenLog {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.0
    }
}

impl Drop for OpenLog {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn storage_of(log: &Arc<OpenLog>, name: &'static str) -> ServiceStorage {
    let service = log.service(name);
    ServiceStorage {
        journal: Arc::new(SqliteJournal::new(Arc::clone(log), Arc::clone(&service))),
        documents: Arc::new(SqliteDocuments::new(Arc::clone(log), Arc::clone(&service))),
        key_value: Arc::new(SqliteKeyValue::new(Arc::clone(log), service)),
    }
}
