//! Recovery (redo): applies what a crash left in the log to the tables, before the engine does anything else.
//!
//! A batch leaves the log in the same transaction in which it is applied to the tables, so a batch in the log is in none of
//! them.

use crate::{
    log_record::{self, LogRecord, LoggedDocument, LoggedWrite},
    reader_pool::storage_error,
    schema::{DocumentTable, OLDEST_BATCH, ServiceTables, column_name},
    table_writer::{apply_operation, delete_document, put_document, truncate_log},
};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{HashMap, hash_map::Entry};
use storage::StorageError;

/// Applies every batch of the log and truncates it. Returns how many batches there were.
pub(crate) fn recover(connection: &Connection) -> Result<usize, StorageError> {
    let mut tables = ExistingTables::default();
    let mut count = 0;
    while let Some((position, batch)) = oldest_batch(connection).map_err(storage_error)? {
        let records = log_record::decode(position, batch)?;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(storage_error)?;
        let applied = records
            .iter()
            .try_for_each(|record| tables.apply(connection, record))
            .and_then(|()| truncate_log(connection, position))
            .and_then(|()| connection.execute_batch("COMMIT"));
        if let Err(error) = applied {
            // The first error is the one to report; that of the rollback adds nothing.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(storage_error(error));
        }
        count += 1;
    }
    Ok(count)
}

fn oldest_batch(connection: &Connection) -> rusqlite::Result<Option<(u64, Vec<u8>)>> {
    let mut oldest = connection.prepare_cached(OLDEST_BATCH)?;
    let batch =
        oldest.query_row([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)));
    batch.optional()
}

/// Tables as they are in the database. The declarations that created them are unknown during recovery, and not needed.
#[derive(Default)]
struct ExistingTables(HashMap<String, ExistingService>);

/// Tables of one service.
struct ExistingService {
    tables: ServiceTables,
    /// Tables of collections, with the names of their field columns.
    collections: HashMap<String, (DocumentTable, Vec<String>)>,
}

impl ExistingTables {
    fn apply(&mut self, connection: &Connection, record: &LogRecord) -> rusqlite::Result<()> {
        let LogRecord { service, operation } = record;
        let ExistingService { tables, collections } =
            self.0.entry(service.clone()).or_insert_with(|| ExistingService {
                tables: ServiceTables::of(service),
                collections: HashMap::new(),
            });
        apply_operation(connection, tables, operation, |writes| {
            writes
                .iter()
                .try_for_each(|write| write_document(connection, tables, collections, write))
        })
    }
}

fn write_document(
    connection: &Connection,
    tables: &ServiceTables,
    collections: &mut HashMap<String, (DocumentTable, Vec<String>)>,
    write: &LoggedWrite,
) -> rusqlite::Result<()> {
    let LoggedWrite { collection, key, document } = write;
    let (table, columns) = match collections.entry(collection.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => unknown.insert(tables.existing_table(connection, collection)?),
    };
    match document {
        Some(LoggedDocument { body, fields }) => {
            let value_of = |column: &String| {
                let is_it = |(name, _): &&(String, _)| column_name(name) == *column;
                fields.iter().find(is_it).map(|(_, value)| value)
            };
            put_document(connection, table, key, body, columns.iter().map(value_of))
        }
        None => delete_document(connection, table, key),
    }
}
