//! Former database: a data folder of the engine that kept everything in `SQLite` (formats 1 to 4), read so that a log can take it
//! over.

mod append_row;
mod log_batch;
mod redo;

use crate::{
    open::{FORMER_FORMAT, INDEX_FORMAT, open_error, query_identity, read_identity},
    port::IndexedWrite,
    reader_pool::storage_error,
    schema::{APPLICATION, SEPARATOR, columns_of, decoded, field_part, quoted},
    sql_value,
};
use append_row::AppendRow;
use data_folder::OpenError;
use kernel::{Timestamp, Uuid};
use rusqlite::{Connection, Row};
use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use storage::StorageError;

/// Files of the former engine that say which databases the folder has, and which were in use: of both, and of the bulk database
/// beside a log.
const STATE_FILES: [&str; 2] = ["icommerce.state", "bulk.state"];

/// Database of the former engine. Opening it applies what a crash left in its log, as that engine did.
#[derive(Debug)]
pub struct FormerDatabase {
    connection: Connection,
    file: PathBuf,
    tables: Vec<String>,
}

/// Record of a former database.
#[derive(Debug)]
pub enum FormerRecord<'row> {
    /// Events of one append.
    Append(FormerAppend<'row>),
    /// Value of the key-value store, with its expiry in microseconds since the epoch.
    Value(&'row str, &'row [u8], Option<i64>),
    /// Snapshot: its name, the position of the journal that it is of, and its data.
    Snapshot(&'row str, u64, &'row [u8]),
    /// Document.
    Document(IndexedWrite<'row>),
}

/// Events of one append; their versions and positions have no gaps.
#[derive(Debug)]
pub struct FormerAppend<'row> {
    /// Stream that was appended to.
    pub stream: &'row str,
    /// Version of the first event.
    pub first_version: u64,
    /// Position of the last event.
    pub last_position: u64,
    /// Text of the origin, where it is known.
    pub origin: Option<&'row str>,
    /// The events.
    pub events: Vec<FormerEvent<'row>>,
}

/// Stored event.
#[derive(Clone, Copy, Debug)]
pub struct FormerEvent<'row> {
    /// Identifier of the event.
    pub id: Uuid,
    /// Name of its type.
    pub name: &'row str,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its data.
    pub data: &'row [u8],
}

impl FormerDatabase {
    /// Refuses a folder that had a database of this name, or its write-ahead log, and has it no more. It opens no database:
    /// opening one creates a write-ahead log where there is none.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] and [`OpenError::LogMissing`].
    pub fn check_state(folder: &Path, name: &str) -> Result<(), OpenError> {
        let file = folder.join(name);
        let Some((state, known_state)) = former_state(folder, name)? else { return Ok(()) };
        if file.metadata().map_or(0, |file| file.len()) == 0 {
            return Err(OpenError::Missing { file, state });
        }
        let wal = folder.join(format!("{name}-wal"));
        if known_state == "in-use" && !wal.exists() {
            return Err(OpenError::LogMissing { file: wal, state });
        }
        Ok(())
    }

    /// Whether the file of this name in the folder is a former database.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotADatabase`], [`OpenError::Damaged`] and [`OpenError::NewerFormat`] for another file in its place;
    /// [`OpenError::Missing`] for an empty one where the folder had one.
    pub fn is_there(folder: &Path, name: &str) -> Result<bool, OpenError> {
        let file = folder.join(name);
        if file.metadata().map_or(0, |file| file.len()) == 0 {
            return Ok(false);
        }
        let identity = read_identity(&file).map_err(|error| open_error(folder, &file, &error))?;
        if identity.is_new() {
            return match former_state(folder, name)? {
                Some((state, _)) => Err(OpenError::Missing { file, state }),
                None => Ok(false),
            };
        }
        if identity.application != APPLICATION {
            return Err(OpenError::NotADatabase { file });
        }
        if identity.format > INDEX_FORMAT {
            let (found, known) = (identity.format, INDEX_FORMAT);
            return Err(OpenError::NewerFormat { file, found, known });
        }
        Ok(identity.format <= FORMER_FORMAT)
    }

    /// Opens the database, and applies its log.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it is damaged or cannot be read or written.
    pub fn open(folder: &Path, name: &str) -> Result<Self, OpenError> {
        let file = folder.join(name);
        let failed = |error: rusqlite::Error| open_error(folder, &file, &error);
        let connection = Connection::open(&file).map_err(failed)?;
        let format = query_identity(&connection).map_err(failed)?.format;
        redo::migrate(&connection, format).map_err(failed)?;
        let batches = redo::apply_log(&connection).map_err(|error| damaged(&file, &error))?;
        if batches > 0 {
            tracing::info!(file = name, batches, "recovery after a crash: the log was applied");
        }
        // From here on the database has everything, and its write-ahead log goes when it is closed.
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
            .map_err(failed)?;
        note_closed(folder, name)?;
        let tables = table_names(&connection).map_err(failed)?;
        Ok(Self { connection, file, tables })
    }

    /// Passes every record to `visit` with the name of its service: appends first, in the order of their positions.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the database is damaged or cannot be read, and those of `visit`.
    pub fn for_each(
        &self,
        mut visit: impl FnMut(&str, FormerRecord<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        self.appends(&mut visit)?;
        for table in &self.tables {
            let mut parts = table.split(SEPARATOR);
            let (Some(service), Some(kind)) = (parts.next(), parts.next()) else { continue };
            let service = decoded(service).ok_or_else(|| self.unknown(table))?;
            match (kind, parts.next()) {
                ("values", None) => self.values(table, |record| visit(&service, record)),
                ("snapshots", None) => self.snapshots(table, |record| visit(&service, record)),
                ("documents", Some(collection)) => {
                    let collection = decoded(collection).ok_or_else(|| self.unknown(table))?;
                    let names = (&*service, &*collection);
                    self.documents(table, names, |record| visit(&service, record))
                }
                _ => Ok(()),
            }?;
        }
        Ok(())
    }

    /// Journals of all services, merged by position.
    fn appends(
        &self,
        visit: &mut impl FnMut(&str, FormerRecord<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let is_journal = |table: &&String| {
            table
                .strip_suffix("journal")
                .is_some_and(|prefix| prefix.find(SEPARATOR) == prefix.len().checked_sub(1))
        };
        let journals: Vec<&String> = self.tables.iter().filter(is_journal).collect();
        let mut selects = Vec::new();
        for journal in journals {
            let service = journal.split(SEPARATOR).next().and_then(decoded);
            let service = service.ok_or_else(|| self.unknown(journal))?.replace('\'', "''");
            let columns = "position, stream, first_version, count, events";
            selects.push(format!("SELECT '{service}', {columns} FROM {}", quoted(journal)));
        }
        if selects.is_empty() {
            return Ok(());
        }
        self.rows(&format!("{} ORDER BY 2", selects.join(" UNION ALL ")), |row| {
            let positive = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            let service: String = row.get(0)?;
            let (first_position, stream, first_version) = (positive(1)?, row.get(2)?, positive(3)?);
            let (count, events) = (positive(4)?, row.get(5)?);
            let row = AppendRow { stream, first_version, first_position, count, events };
            Ok(match row.decode() {
                Some(append) => visit(&service, FormerRecord::Append(append)),
                None => Err(self.damaged(&format!("the events at position {first_position}"))),
            })
        })
    }

    fn values(
        &self,
        table: &str,
        mut visit: impl FnMut(FormerRecord<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        self.rows(&format!("SELECT key, value, expires_at FROM {}", quoted(table)), |row| {
            let (key, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            Ok(visit(FormerRecord::Value(&key, &value, row.get(2)?)))
        })
    }

    fn snapshots(
        &self,
        table: &str,
        mut visit: impl FnMut(FormerRecord<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        self.rows(&format!("SELECT name, position, data FROM {}", quoted(table)), |row| {
            let (name, position, data): (String, i64, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(visit(FormerRecord::Snapshot(&name, position.cast_unsigned(), &data)))
        })
    }

    fn documents(
        &self,
        table: &str,
        (service, collection): (&str, &str),
        mut visit: impl FnMut(FormerRecord<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let columns = columns_of(&self.connection, table).map_err(|error| self.failed(error))?;
        let mut fields = Vec::new();
        for column in &columns {
            let Some(part) = field_part(column) else { continue };
            fields.push((column, decoded(part).ok_or_else(|| self.unknown(column))?));
        }
        let mut names = String::new();
        for (column, _) in &fields {
            names.extend([", ", &quoted(column)]);
        }
        self.rows(&format!("SELECT key, body{names} FROM {}", quoted(table)), |row| {
            let (key, body): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let mut values = Vec::new();
            for (index, (_, field)) in (2..).zip(&fields) {
                let value = row.get_ref(index)?;
                if value != rusqlite::types::ValueRef::Null {
                    values.push((&**field, sql_value::to_field(value)?));
                }
            }
            let document = Some((&body[..], values));
            Ok(visit(FormerRecord::Document(IndexedWrite {
                service,
                collection,
                key: &key,
                document,
            })))
        })
    }

    /// Passes the rows of a query to `visit`.
    fn rows(
        &self,
        sql: &str,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<Result<(), OpenError>>,
    ) -> Result<(), OpenError> {
        let failed = |error| self.failed(error);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(row).map_err(failed)??;
        }
        Ok(())
    }

    fn failed(&self, error: rusqlite::Error) -> OpenError {
        damaged(&self.file, &storage_error(error))
    }

    fn unknown(&self, name: &str) -> OpenError {
        self.damaged(&format!("the name {name:?}"))
    }

    fn damaged(&self, what: &str) -> OpenError {
        OpenError::Damaged { file: self.file.clone(), reason: format!("{what} cannot be read") }
    }
}

/// State of a database as the former engine noted it, `in-use` or `closed`, with the file that says so.
fn former_state(folder: &Path, name: &str) -> Result<Option<(PathBuf, String)>, OpenError> {
    for state in STATE_FILES.map(|state| folder.join(state)) {
        let bytes = match fs::read(&state) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(data_folder::open_error(folder, &error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let noted = text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            words.next().filter(|first| *first == name).and(words.next())
        });
        if let Some(noted) = noted {
            return Ok(Some((state, noted.to_owned())));
        }
    }
    Ok(None)
}

/// Notes that a database was closed, in the line that the former engine wrote for it.
fn note_closed(folder: &Path, name: &str) -> Result<(), OpenError> {
    let Some((state, _)) = former_state(folder, name)? else { return Ok(()) };
    let written = (|| {
        let text = fs::read_to_string(&state)?;
        let noted = text.replace(&format!("{name} in-use"), &format!("{name} closed"));
        let file = OpenOptions::new().write(true).open(state)?;
        // Not longer, and what is left of the line are spaces.
        file.write_all_at(format!("{noted:<width$}", width = text.len()).as_bytes(), 0)?;
        file.sync_all()
    })();
    written.map_err(|error| data_folder::open_error(folder, &error))
}

fn table_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut names =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    names.query_map([], |row| row.get(0))?.collect()
}

/// Open error of a database whose content cannot be read.
fn damaged(file: &Path, error: &StorageError) -> OpenError {
    let (file, reason) = (file.to_owned(), error.to_string());
    match error {
        StorageError::Corrupt(_) => OpenError::Damaged { file, reason },
        _ => OpenError::Failed { file, reason },
    }
}
