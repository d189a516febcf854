//! Opening a database: looks first, and changes nothing that is not ours to change.

use crate::{
    folder,
    readers::keep_plans,
    schema::{APPLICATION, CREATE_LOG, FORMAT, take_over},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use storage::StorageError;

/// How long the writer lets a tool that somebody has pointed at the file finish; nobody else writes.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pages the writer keeps in memory, in KiB; negative, or it would be a count of pages.
const WRITER_CACHE_KIB: i64 = -32 * 1024;
const STATEMENTS_MAX: usize = 256;

/// Why the data folder could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, or nothing can be written into it.
    #[error("the data folder {} cannot be written to: {reason}", folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another engine, in this process or another one, has it.
    #[error("the data folder {} is in use by another running icommerce", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A later release has written it.
    #[error("{} has data format {found}, and this release reads up to {known}: use the later release", file.display())]
    NewerFormat {
        /// The file.
        file: PathBuf,
        /// The format it has.
        found: i32,
        /// The latest format this release knows.
        known: i32,
    },
    /// The file is something else.
    #[error("{} is not an icommerce database; move it away or choose another data folder", file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The file is one of ours, and cannot be read.
    #[error("{} is damaged: {reason}; restore it from a backup", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// There is no room to begin.
    #[error("the disk of {} is full: make room and start again", folder.display())]
    DiskFull {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused something else.
    #[error("{} cannot be opened: {reason}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
}

/// Opens the database for its writer, and makes it where it is missing.
pub(crate) fn open(folder: &Path, path: &Path) -> Result<Connection, OpenError> {
    let explained = |error| explain(folder, path, &error);
    if path.metadata().is_ok_and(|file| file.len() > 0) {
        look(path).map_err(explained)?.refuse(path)?;
    }
    let connection = Connection::open(path).map_err(explained)?;
    prepare(&connection).map_err(explained)?;
    Ok(connection)
}

/// Another connection to a database that was opened before.
pub(crate) fn open_again(folder: &Path, path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path).and_then(|connection| {
        set(&connection)?;
        Ok(connection)
    });
    connection.map_err(|error| explain(folder, path, &error))
}

/// What the file says about itself.
struct Identity {
    format: i32,
    application: i32,
    tables: i64,
}

impl Identity {
    fn refuse(&self, path: &Path) -> Result<(), OpenError> {
        let file = path.to_owned();
        // A stop in the middle of the first start leaves a database in which nothing is yet.
        let is_new = self.application == 0 && self.format == 0 && self.tables == 0;
        if self.application != APPLICATION && !is_new {
            return Err(OpenError::NotADatabase { file });
        }
        if self.format > FORMAT {
            return Err(OpenError::NewerFormat { file, found: self.format, known: FORMAT });
        }
        Ok(())
    }
}

/// Reads the file's identity on a connection that cannot change the file; except where a crash in the middle of a
/// first start, before there was a write-ahead log, left half a change. That has to be taken back before anybody can
/// read, and whoever opens the file takes it back.
fn look(path: &Path) -> rusqlite::Result<Identity> {
    let read_only = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| identity(&connection));
    match read_only {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
            identity(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
        }
        looked => looked,
    }
}

fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    Ok(Identity {
        format: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        tables: connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?,
    })
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    set(connection)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    let there = identity(connection)?;
    if there.application != APPLICATION || there.format != FORMAT {
        // Taken back when it is dropped before its end.
        let all = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        all.execute_batch(CREATE_LOG)?;
        take_over(&all)?;
        all.pragma_update(None, "application_id", APPLICATION)?;
        all.pragma_update(None, "user_version", FORMAT)?;
        all.commit()?;
    }
    Ok(())
}

fn set(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_plans(connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Checkpoints have a thread of their own.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// What a database error means to the one who starts the program.
pub(crate) fn explain(folder: &Path, path: &Path, error: &rusqlite::Error) -> OpenError {
    let (file, reason) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { file },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { file, reason },
        // A full disk shows itself in many ways, some of them as failed input and output.
        _ if folder::is_full(folder) => OpenError::DiskFull { folder: folder.to_owned() },
        Some(ErrorCode::DiskFull) => OpenError::DiskFull { folder: folder.to_owned() },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable { folder: folder.to_owned(), reason }
        }
        _ => OpenError::Failed { file, reason },
    }
}

/// What it means that the log could not be brought into the tables.
pub(crate) fn unrecovered(folder: &Path, path: &Path, error: &StorageError) -> OpenError {
    let (file, reason) = (path.to_owned(), error.to_string());
    match error {
        StorageError::Corrupt(_) => OpenError::Damaged { file, reason },
        _ if folder::is_full(folder) => OpenError::DiskFull { folder: folder.to_owned() },
        _ => OpenError::Failed { file, reason },
    }
}
