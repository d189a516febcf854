//! Opening of a database: it is identified first, and a file that is not ours is left as it is.

use crate::{
    folder_state::FolderState,
    reader_pool::keep_query_plans,
    schema::{APPLICATION, CREATE_LOG, FORMAT, migrate},
};
use data_folder::OpenError;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::{path::Path, time::Duration};
use storage::StorageError;

/// Timeout of a lock on the database: how long the writer waits for a tool that has the file open. No one else writes.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Page cache of the writer, in KiB; negative, because `SQLite` takes a positive number for a count of pages.
const WRITER_CACHE_KIB: i64 = -32 * 1024;
const STATEMENTS_MAX: usize = 256;
/// Format of a [document index](crate::DocumentIndex): later than any database that has journals, so that a release that knows
/// only those refuses the folder.
pub(crate) const INDEX_FORMAT: i32 = 5;

/// Identifies a database before anything in the folder is opened for writing: what the folder had must be there, and what is
/// there must be ours.
pub(crate) fn identify(
    folder: &Path,
    name: &'static str,
    state: &FolderState,
) -> Result<(), OpenError> {
    state.check(name)?;
    let path = folder.join(name);
    if path.metadata().is_ok_and(|file| file.len() > 0) {
        let identity = read_identity(&path).map_err(|error| open_error(folder, &path, &error))?;
        identity.check(&path)?;
        if identity.is_new() && state.has(name) {
            return Err(state.missing(name));
        }
    }
    Ok(())
}

/// Opens an [identified](identify) database for its writer, creates it when it is missing, and migrates an older format.
pub(crate) fn open(
    folder: &Path,
    name: &'static str,
    state: &FolderState,
) -> Result<Connection, OpenError> {
    let path = &folder.join(name);
    let explained = |error| open_error(folder, path, &error);
    // Created here and not by `SQLite`, which takes the permissions of its other files from this one.
    data_folder::private_file(path).map_err(|error| data_folder::open_error(folder, &error))?;
    let connection = Connection::open(path).map_err(explained)?;
    prepare(&connection).map_err(explained)?;
    state.begin_use(name)?;
    Ok(connection)
}

/// Whether this file is a database of ours with content. One that cannot be read is for its own opening to refuse.
pub(crate) fn is_filled(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
        && read_identity(path).is_ok_and(|identity| identity.application == APPLICATION)
}

/// Opens a second connection to a database that was opened before.
pub(crate) fn open_second(folder: &Path, path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path).and_then(|connection| {
        configure(&connection)?;
        Ok(connection)
    });
    connection.map_err(|error| open_error(folder, path, &error))
}

/// Identity of a database file.
pub(crate) struct FileIdentity {
    pub(crate) format: i32,
    pub(crate) application: i32,
    tables: i64,
}

impl FileIdentity {
    /// Whether the database has nothing in it. A crash during the first start leaves it so.
    pub(crate) fn is_new(&self) -> bool {
        self.application == 0 && self.format == 0 && self.tables == 0
    }

    fn check(&self, path: &Path) -> Result<(), OpenError> {
        let file = path.to_owned();
        if self.application != APPLICATION && !self.is_new() {
            return Err(OpenError::NotADatabase { file });
        }
        if self.format > FORMAT {
            return Err(OpenError::NewerFormat { file, found: self.format, known: FORMAT });
        }
        Ok(())
    }
}

/// Reads the identity of a file on a read-only connection. The exception is a file in which a crash during the first start,
/// before there was a write-ahead log, left a half-written change (a hot journal): it must be rolled back before anything
/// can be read, and opening the file for writing rolls it back.
pub(crate) fn read_identity(path: &Path) -> rusqlite::Result<FileIdentity> {
    let read_only = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| query_identity(&connection));
    match read_only {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
            query_identity(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
        }
        identity => identity,
    }
}

/// Reads the identity of an open database.
pub(crate) fn query_identity(connection: &Connection) -> rusqlite::Result<FileIdentity> {
    Ok(FileIdentity {
        format: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        tables: connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?,
    })
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    configure(connection)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    let identity = query_identity(connection)?;
    if identity.application != APPLICATION || identity.format != FORMAT {
        // Rolled back if it is dropped before the commit.
        let migration = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        migration.execute_batch(CREATE_LOG)?;
        migrate(&migration)?;
        migration.pragma_update(None, "application_id", APPLICATION)?;
        migration.pragma_update(None, "user_version", FORMAT)?;
        migration.commit()?;
    }
    Ok(())
}

pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_query_plans(connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // The checkpointer replaces automatic checkpoints.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// Maps a database error to the open error that an operator sees.
pub(crate) fn open_error(folder: &Path, path: &Path, error: &rusqlite::Error) -> OpenError {
    let (file, reason) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { file },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { file, reason },
        // A full disk shows in many ways, some of them as I/O errors.
        _ if data_folder::is_full(folder) => OpenError::DiskFull { folder: folder.to_owned() },
        Some(ErrorCode::DiskFull) => OpenError::DiskFull { folder: folder.to_owned() },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable { folder: folder.to_owned(), reason }
        }
        _ => OpenError::Failed { file, reason },
    }
}

/// Maps an error of recovery to the open error that an operator sees.
pub(crate) fn recovery_error(folder: &Path, path: &Path, error: &StorageError) -> OpenError {
    let (file, reason) = (path.to_owned(), error.to_string());
    match error {
        StorageError::Corrupt(_) => OpenError::Damaged { file, reason },
        _ if data_folder::is_full(folder) => OpenError::DiskFull { folder: folder.to_owned() },
        _ => OpenError::Failed { file, reason },
    }
}
