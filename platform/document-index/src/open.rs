//! Opening of a database: it is identified first, and a file that is not ours is left as it is.

use data_folder::OpenError;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;

/// Last format of a database that has journals.
pub(crate) const FORMER_FORMAT: i32 = 4;
/// Format of a [document index](crate::DocumentIndex): later than any database that has journals, so that a release that knows
/// only those refuses the folder.
pub(crate) const INDEX_FORMAT: i32 = 5;

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
