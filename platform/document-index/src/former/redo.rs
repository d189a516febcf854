//! Redo: brings a former database to where its engine would have: tables of the last format, with everything of the log applied.
//!
//! A batch leaves the log in the same transaction in which it is applied to the tables, so a batch in the log is in none of
//! them.

use super::{
    append_row::AppendRow,
    log_batch::{self, LoggedOperation, LoggedWrite},
    table_names,
};
use crate::{
    open::FORMER_FORMAT,
    reader_pool::storage_error,
    schema::{DocumentTable, ServiceTables, is_column_of, name_part, quoted},
    sql_value::stored_number,
};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{HashMap, hash_map::Entry};
use storage::StorageError;

/// Ending of the table of a service's values up to format 2.
const FORMER_VALUES: &str = "/key_value";

/// Migrates the tables of an earlier format, in one transaction.
pub(super) fn migrate(connection: &Connection, format: i32) -> rusqlite::Result<()> {
    if format >= FORMER_FORMAT {
        return Ok(());
    }
    let migration = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    migration.execute_batch(
        "CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, batch BLOB NOT NULL)",
    )?;
    for before in table_names(&migration)? {
        let Some(prefix) = before.strip_suffix(FORMER_VALUES) else { continue };
        let (values, before) = (quoted(&format!("{prefix}/values")), quoted(&before));
        migration.execute_batch(&format!(
            "CREATE TABLE {values} (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, expires_at INTEGER);
             INSERT INTO {values} SELECT key, value, expires_at FROM {before};
             DROP TABLE {before}"
        ))?;
    }
    migration.pragma_update(None, "user_version", FORMER_FORMAT)?;
    migration.commit()
}

/// Applies every batch of the log and removes it. Returns how many batches there were.
pub(super) fn apply_log(connection: &Connection) -> Result<usize, StorageError> {
    let mut tables = FormerTables::default();
    let mut count = 0;
    while let Some((position, batch)) = oldest_batch(connection).map_err(storage_error)? {
        let operations = log_batch::decode(&batch).ok_or_else(|| {
            StorageError::Corrupt(format!("the batch up to position {position} is damaged"))
        })?;
        let applied = (|| {
            let transaction =
                Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            for (service, operation) in &operations {
                tables.apply(&transaction, service, operation)?;
            }
            transaction.execute("DELETE FROM log WHERE position <= ?1", [position])?;
            transaction.commit()
        })();
        applied.map_err(storage_error)?;
        count += 1;
    }
    Ok(count)
}

fn oldest_batch(connection: &Connection) -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
    let sql = "SELECT position, batch FROM log ORDER BY position LIMIT 1";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Tables of the collections that were written to, with the names of their field columns, by service and collection.
#[derive(Default)]
struct FormerTables(HashMap<(String, String), (DocumentTable, Vec<String>)>);

impl FormerTables {
    fn apply(
        &mut self,
        connection: &Connection,
        service: &str,
        operation: &LoggedOperation,
    ) -> rusqlite::Result<()> {
        let table = |kind: &str| quoted(&format!("{}/{kind}", name_part(service)));
        let execute = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
            connection.prepare_cached(sql)?.execute(parameters).map(|_| ())
        };
        let mut write = |writes: &[LoggedWrite]| {
            writes.iter().try_for_each(|write| self.write_document(connection, service, write))
        };
        match operation {
            LoggedOperation::Append { row, writes } => {
                insert_events(connection, &table("journal"), row)?;
                write(writes)
            }
            LoggedOperation::Documents(writes) => write(writes),
            LoggedOperation::Value { key, entry: Some((value, expires_at)) } => {
                let values = table("values");
                let sql =
                    format!("REPLACE INTO {values} (key, value, expires_at) VALUES (?1, ?2, ?3)");
                execute(&sql, params![key, value, expires_at])
            }
            LoggedOperation::Value { key, entry: None } => {
                execute(&format!("DELETE FROM {} WHERE key = ?1", table("values")), params![key])
            }
            LoggedOperation::Sweep { keys, now } => {
                let values = table("values");
                let sql = format!("DELETE FROM {values} WHERE key = ?1 AND expires_at <= ?2");
                keys.iter().try_for_each(|key| execute(&sql, params![key, now]))
            }
            LoggedOperation::Snapshot { name, position, data } => {
                let snapshots = table("snapshots");
                let sql =
                    format!("REPLACE INTO {snapshots} (name, position, data) VALUES (?1, ?2, ?3)");
                execute(&sql, params![name, stored_number(*position), data])
            }
            LoggedOperation::DeleteStream { stream } => {
                let sql = format!("DELETE FROM {} WHERE stream = ?1", table("journal"));
                execute(&sql, params![stream])
            }
        }
    }

    fn write_document(
        &mut self,
        connection: &Connection,
        service: &str,
        write: &LoggedWrite,
    ) -> rusqlite::Result<()> {
        let LoggedWrite { collection, key, document } = write;
        let names = (service.to_owned(), collection.clone());
        let (table, columns) = match self.0.entry(names) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                unknown.insert(ServiceTables::of(service).existing_table(connection, collection)?)
            }
        };
        let Some((body, fields)) = document else { return table.delete(connection, key) };
        let value_of = |column: &String| {
            fields.iter().find(|(field, _)| is_column_of(column, field)).map(|(_, value)| value)
        };
        table.put(connection, key, body, columns.iter().map(value_of))
    }
}

fn insert_events(connection: &Connection, journal: &str, row: &AppendRow) -> rusqlite::Result<()> {
    let AppendRow { stream, first_version, first_position, count, events } = row;
    let (version, position) = (stored_number(*first_version), stored_number(*first_position));
    let columns = "position, stream, first_version, count, events";
    let sql = format!("INSERT INTO {journal} ({columns}) VALUES (?1, ?2, ?3, ?4, ?5)");
    let parameters = params![position, stream, version, stored_number(*count), events];
    connection.prepare_cached(&sql)?.execute(parameters).map(|_| ())
}
