//! Connection pool for reads. A point read from a warm cache takes a few microseconds, less than a switch to another thread,
//! so reads run on the caller's thread.

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use storage::StorageError;

/// Limit of idle connections. Never more are in use than there are threads that read.
const IDLE_CONNECTIONS_MAX: usize = 16;
const STATEMENTS_MAX: usize = 128;

/// Pool of read-only connections to one database.
#[derive(Debug)]
pub(crate) struct ReaderPool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
}

impl ReaderPool {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// Runs `read` on a connection of the pool.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] when the pool is closed or a connection cannot be opened; otherwise those of `read`.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StorageError::Unavailable("the engine is closed".to_owned()));
        }
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open().map_err(storage_error)?,
        };
        let output = read(&connection);
        let mut idle = self.idle.lock();
        if idle.len() < IDLE_CONNECTIONS_MAX && !self.closed.load(Ordering::Acquire) {
            idle.push(connection);
        }
        output
    }

    /// Closes the idle connections and refuses further reads.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.idle.lock().clear();
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        keep_query_plans(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        Ok(connection)
    }
}

/// Enables the query planner stability guarantee (QPSG): one plan per statement. Without it `SQLite` inspects the values bound
/// to a statement and may plan it again for each of them.
pub(crate) fn keep_query_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// Maps a failed query to a storage error: `Corrupt` when the file is damaged, else `Unavailable`.
#[expect(clippy::needless_pass_by_value, reason = "it is used with map_err")]
pub(crate) fn storage_error(error: rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StorageError::Corrupt(error.to_string())
        }
        _ => StorageError::Unavailable(error.to_string()),
    }
}
