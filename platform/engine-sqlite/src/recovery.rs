//! Brings what a stop left in the log into the tables, before anything else is done with them.
//!
//! A batch leaves the log in the same transaction in which it comes into the tables, so none of it is there yet.

use crate::{
    apply::{forget_batches, put_document},
    operation::Entry,
    readers::{number, unreadable},
    record::{self, Change, Content, DocumentWrite, Record},
    schema::{DocumentTable, OLDEST_BATCH, Tables, column_name},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use storage::StorageError;

/// Applies and deletes every batch of the log. Returns how many there were.
pub(crate) fn recover(connection: &Connection) -> Result<usize, StorageError> {
    let mut tables = Found::default();
    let mut count = 0;
    while let Some((position, batch)) = oldest(connection).map_err(unreadable)? {
        let records = record::decode(position, batch)?;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(unreadable)?;
        let applied = records
            .iter()
            .try_for_each(|record| tables.apply(connection, record))
            .and_then(|()| forget_batches(connection, position))
            .and_then(|()| connection.execute_batch("COMMIT"));
        if let Err(error) = applied {
            // What it says does not matter any more; the first error is the one to tell.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(unreadable(error));
        }
        count += 1;
    }
    Ok(count)
}

fn oldest(connection: &Connection) -> rusqlite::Result<Option<(u64, Vec<u8>)>> {
    let mut oldest = connection.prepare_cached(OLDEST_BATCH)?;
    let batch =
        oldest.query_row([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)));
    batch.optional()
}

/// Tables as they are in the database. The declarations that made them are not known here, and need not be.
#[derive(Default)]
struct Found {
    services: HashMap<String, Tables>,
    collections: HashMap<(String, String), (DocumentTable, Vec<String>)>,
}

impl Found {
    fn apply(&mut self, connection: &Connection, record: &Record) -> rusqlite::Result<()> {
        let Record { service, change } = record;
        if !self.services.contains_key(service) {
            self.services.insert(service.clone(), Tables::of(service));
        }
        let tables = &self.services[service];
        match change {
            Change::Append { row, writes } => {
                connection.prepare_cached(&tables.insert_events)?.execute(params![
                    number(row.first_position),
                    row.stream,
                    number(row.first_version),
                    number(row.count),
                    &row.events[..]
                ])?;
                self.put_documents(connection, service, writes)
            }
            Change::Documents(writes) => self.put_documents(connection, service, writes),
            Change::Value { key, entry: Some(Entry { value, expires_at }) } => {
                let mut put = connection.prepare_cached(&tables.put_value)?;
                put.execute(params![key, &value[..], expires_at]).map(|_| ())
            }
            Change::Value { key, entry: None } => {
                connection.prepare_cached(&tables.remove_value)?.execute([key]).map(|_| ())
            }
            Change::Sweep { keys, now } => {
                let mut sweep = connection.prepare_cached(&tables.sweep)?;
                keys.iter().try_for_each(|key| sweep.execute(params![key, now]).map(|_| ()))
            }
            Change::Snapshot { name, position, data } => {
                let mut put = connection.prepare_cached(&tables.put_snapshot)?;
                put.execute(params![name, number(*position), &data[..]]).map(|_| ())
            }
        }
    }

    fn put_documents(
        &mut self,
        connection: &Connection,
        service: &str,
        writes: &[DocumentWrite],
    ) -> rusqlite::Result<()> {
        for DocumentWrite { collection, key, content } in writes {
            let name = (service.to_owned(), collection.clone());
            if !self.collections.contains_key(&name) {
                let found = self.services[service].table_as_found(connection, collection)?;
                self.collections.insert(name.clone(), found);
            }
            let (table, columns) = &self.collections[&name];
            match content {
                Some(Content { body, fields }) => {
                    let value_of = |column: &String| {
                        let is_it = |(name, _): &&(String, _)| column_name(name) == *column;
                        fields.iter().find(is_it).map(|(_, value)| value)
                    };
                    put_document(connection, table, key, body, columns.iter().map(value_of))?;
                }
                None => {
                    connection.prepare_cached(&table.delete)?.execute([key])?;
                }
            }
        }
        Ok(())
    }
}
