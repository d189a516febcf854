//! Puts operations into the tables.

use crate::{
    operation::{self, Operation, Queued},
    readers::number,
    schema::{DELETE_BATCHES, DocumentTable},
    service::Service,
};
use journal::Position;
use rusqlite::{Connection, params, params_from_iter, types::Null, types::ToSqlOutput};
use std::collections::{HashMap, HashSet, hash_map::Entry};
use storage::{Collection, FieldValue, Write};

/// What is known of the tables in the database.
#[derive(Default)]
pub(crate) struct Applied {
    /// The services whose tables are known to be there.
    created: HashSet<usize>,
    /// The tables of collections, by service and by the address of the declaration.
    tables: HashMap<(usize, usize), DocumentTable>,
    /// The names of those that nobody has been told of.
    made: Vec<String>,
}

impl Applied {
    /// Makes the tables this batch needs. They are there before the log says what goes into them.
    pub(crate) fn prepare(
        &mut self,
        connection: &Connection,
        batch: &[Queued],
    ) -> rusqlite::Result<()> {
        for Queued { service, operation, .. } in batch {
            if self.created.insert(service.index) {
                service.tables.create(connection)?;
            }
            if let Operation::Collection(collection) = operation {
                self.table(connection, service, collection)?;
            }
            for write in operation.documents() {
                let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
                self.table(connection, service, collection)?;
            }
        }
        Ok(())
    }

    /// The tables of collections that were made, each once.
    pub(crate) fn made(&mut self) -> Vec<String> {
        std::mem::take(&mut self.made)
    }

    /// Puts operations into the tables that [`Applied::prepare`] has made.
    pub(crate) fn apply<'a>(
        &self,
        connection: &Connection,
        operations: impl IntoIterator<Item = &'a Queued>,
    ) -> rusqlite::Result<()> {
        operations
            .into_iter()
            .try_for_each(|queued| self.put(connection, &queued.service, &queued.operation))
    }

    fn put(
        &self,
        connection: &Connection,
        service: &Service,
        operation: &Operation,
    ) -> rusqlite::Result<()> {
        let tables = &service.tables;
        match operation {
            Operation::Append { row, writes } => {
                connection.prepare_cached(&tables.insert_events)?.execute(params![
                    number(row.first_position),
                    row.stream,
                    number(row.first_version),
                    number(row.count),
                    &row.events[..]
                ])?;
                self.put_documents(connection, service, writes)
            }
            Operation::Documents(writes) => self.put_documents(connection, service, writes),
            Operation::Collection(_) => Ok(()),
            Operation::Value { key, entry: Some(operation::Entry { value, expires_at }) } => {
                let mut put = connection.prepare_cached(&tables.put_value)?;
                put.execute(params![key, &value[..], expires_at]).map(|_| ())
            }
            Operation::Value { key, entry: None } => {
                connection.prepare_cached(&tables.remove_value)?.execute([key]).map(|_| ())
            }
            Operation::Sweep { keys, now } => {
                let mut sweep = connection.prepare_cached(&tables.sweep)?;
                keys.iter().try_for_each(|key| sweep.execute(params![key, now]).map(|_| ()))
            }
            Operation::Snapshot { name, snapshot } => {
                let mut put = connection.prepare_cached(&tables.put_snapshot)?;
                put.execute(params![name, number(snapshot.position), &snapshot.data[..]])
                    .map(|_| ())
            }
        }
    }

    fn put_documents(
        &self,
        connection: &Connection,
        service: &Service,
        writes: &[Write],
    ) -> rusqlite::Result<()> {
        for write in writes {
            let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
            let table = &self.tables[&(service.index, address(collection))];
            match write {
                Write::Put { document, .. } => {
                    let value_of =
                        |field: &&str| document.fields.iter().find(|(name, _)| name == field);
                    let values = table.fields.iter().map(|field| value_of(field).map(|it| &it.1));
                    put_document(connection, table, &document.key, &document.body, values)?;
                }
                Write::Delete { key, .. } => {
                    connection.prepare_cached(&table.delete)?.execute([key])?;
                }
            }
        }
        Ok(())
    }

    /// Makes the table of a collection what its declaration asks for, once in a process.
    fn table(
        &mut self,
        connection: &Connection,
        service: &Service,
        collection: &'static Collection,
    ) -> rusqlite::Result<()> {
        if let Entry::Vacant(unknown) = self.tables.entry((service.index, address(collection))) {
            unknown.insert(service.tables.create_collection(connection, collection)?);
            self.made.push(service.tables.collection_name(collection));
        }
        Ok(())
    }
}

/// Puts a document into its table; `values` are those of the table's columns for fields.
pub(crate) fn put_document<'a>(
    connection: &Connection,
    table: &DocumentTable,
    key: &'a str,
    body: &'a [u8],
    values: impl Iterator<Item = Option<&'a FieldValue>>,
) -> rusqlite::Result<()> {
    let values = values.map(|value| value.map_or(ToSqlOutput::from(Null), sql));
    let values = [ToSqlOutput::from(key), ToSqlOutput::from(body)].into_iter().chain(values);
    connection.prepare_cached(&table.put)?.execute(params_from_iter(values)).map(|_| ())
}

/// The batches up to `position` are in the tables.
pub(crate) fn forget_batches(connection: &Connection, position: Position) -> rusqlite::Result<()> {
    connection.prepare_cached(DELETE_BATCHES)?.execute([number(position)]).map(|_| ())
}

/// What tells one declaration from another of the same name.
pub(crate) fn address(collection: &'static Collection) -> usize {
    std::ptr::from_ref(collection).addr()
}

/// A value as the database compares it: numbers before text, text byte by byte.
pub(crate) fn sql(value: &FieldValue) -> ToSqlOutput<'_> {
    match value {
        FieldValue::Integer(number) => ToSqlOutput::from(*number),
        FieldValue::Text(text) => ToSqlOutput::from(text.as_str()),
    }
}
