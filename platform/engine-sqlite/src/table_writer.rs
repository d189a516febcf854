//! Table writer: applies write operations to the tables of the services.

use crate::{
    append_row::AppendRow,
    schema::{DELETE_BATCHES, DocumentTable, ServiceTables},
    service::SqliteService,
    sql_value::{self, stored_number},
    write_operation::{QueuedWrite, ValueEntry, WriteOperation},
};
use journal::Position;
use rusqlite::{Connection, params, params_from_iter, types::Null, types::ToSqlOutput};
use std::collections::{HashMap, HashSet, hash_map::Entry};
use storage::{Collection, FieldValue, Write};

/// Table writer of a running engine, with what it knows of the tables in the database.
#[derive(Default)]
pub(crate) struct TableWriter {
    /// Services whose tables are known to exist, by index.
    services: HashSet<usize>,
    /// Tables of collections, by service and by the address of the declaration.
    collections: HashMap<(usize, usize), DocumentTable>,
    /// Names of tables that were created and not reported yet.
    created: Vec<String>,
}

impl TableWriter {
    /// Creates the tables that this batch needs, so that they exist before the log names them.
    pub(crate) fn prepare(
        &mut self,
        connection: &Connection,
        batch: &[QueuedWrite],
    ) -> rusqlite::Result<()> {
        for QueuedWrite { service, operation, .. } in batch {
            if self.services.insert(service.index) {
                service.tables.create(connection)?;
            }
            if let WriteOperation::Collection(collection) = operation {
                self.prepare_collection(connection, service, collection)?;
            }
            for write in operation.documents() {
                let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
                self.prepare_collection(connection, service, collection)?;
            }
        }
        Ok(())
    }

    /// Names of the collections' tables created since the last call.
    pub(crate) fn take_created(&mut self) -> Vec<String> {
        std::mem::take(&mut self.created)
    }

    /// Applies operations to the tables that [`TableWriter::prepare`] has created.
    pub(crate) fn apply<'a>(
        &self,
        connection: &Connection,
        operations: impl IntoIterator<Item = &'a QueuedWrite>,
    ) -> rusqlite::Result<()> {
        operations.into_iter().try_for_each(|QueuedWrite { service, operation, .. }| {
            apply_operation(connection, &service.tables, operation, |writes| {
                writes.iter().try_for_each(|write| self.write_document(connection, service, write))
            })
        })
    }

    fn write_document(
        &self,
        connection: &Connection,
        service: &SqliteService,
        write: &Write,
    ) -> rusqlite::Result<()> {
        let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
        let table = &self.collections[&(service.index, address(collection))];
        match write {
            Write::Put { document, .. } => {
                let value_of =
                    |field: &&str| document.fields.iter().find(|(name, _)| name == field);
                let values = table.fields.iter().map(|field| value_of(field).map(|it| &it.1));
                put_document(connection, table, &document.key, &document.body, values)
            }
            Write::Delete { key, .. } => delete_document(connection, table, key),
        }
    }

    /// Makes the table of a collection match its declaration, once in a process.
    fn prepare_collection(
        &mut self,
        connection: &Connection,
        service: &SqliteService,
        collection: &'static Collection,
    ) -> rusqlite::Result<()> {
        if let Entry::Vacant(unknown) = self.collections.entry((service.index, address(collection)))
        {
            unknown.insert(service.tables.create_collection(connection, collection)?);
            self.created.push(service.tables.collection_name(collection));
        }
        Ok(())
    }
}

/// Applies one operation to the tables of its service: the writer's operations and those that recovery reads from the log.
/// `write_documents` applies its document writes.
pub(crate) fn apply_operation<W>(
    connection: &Connection,
    tables: &ServiceTables,
    operation: &WriteOperation<W>,
    write_documents: impl FnOnce(&[W]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    match operation {
        WriteOperation::Append { row, writes } => {
            insert_events(connection, tables, row)?;
            write_documents(writes)
        }
        WriteOperation::Documents(writes) => write_documents(writes),
        // The table was created before the batch was committed.
        WriteOperation::Collection(_) => Ok(()),
        WriteOperation::Value { key, entry: Some(ValueEntry { value, expires_at }) } => {
            let mut put = connection.prepare_cached(&tables.put_value)?;
            put.execute(params![key, &value[..], expires_at]).map(|_| ())
        }
        WriteOperation::Value { key, entry: None } => {
            connection.prepare_cached(&tables.remove_value)?.execute([key]).map(|_| ())
        }
        WriteOperation::Sweep { keys, now } => {
            let mut sweep = connection.prepare_cached(&tables.sweep)?;
            keys.iter().try_for_each(|key| sweep.execute(params![key, now]).map(|_| ()))
        }
        WriteOperation::DeleteStream { stream } => {
            connection.prepare_cached(&tables.delete_stream)?.execute([stream]).map(|_| ())
        }
        WriteOperation::Snapshot { name, snapshot } => {
            let mut put = connection.prepare_cached(&tables.put_snapshot)?;
            put.execute(params![name, stored_number(snapshot.position), &snapshot.data[..]])
                .map(|_| ())
        }
    }
}

fn insert_events(
    connection: &Connection,
    tables: &ServiceTables,
    row: &AppendRow,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(&tables.insert_events)?;
    let parameters = params![
        stored_number(row.first_position),
        row.stream,
        stored_number(row.first_version),
        stored_number(row.count),
        &row.events[..]
    ];
    insert.execute(parameters).map(|_| ())
}

/// Upserts a document; `values` are those of the table's field columns, in their order.
pub(crate) fn put_document<'a>(
    connection: &Connection,
    table: &DocumentTable,
    key: &'a str,
    body: &'a [u8],
    values: impl Iterator<Item = Option<&'a FieldValue>>,
) -> rusqlite::Result<()> {
    let values = values.map(|value| value.map_or(ToSqlOutput::from(Null), sql_value::from_field));
    let values = [ToSqlOutput::from(key), ToSqlOutput::from(body)].into_iter().chain(values);
    connection.prepare_cached(&table.put)?.execute(params_from_iter(values)).map(|_| ())
}

/// Deletes a document.
pub(crate) fn delete_document(
    connection: &Connection,
    table: &DocumentTable,
    key: &str,
) -> rusqlite::Result<()> {
    connection.prepare_cached(&table.delete)?.execute([key]).map(|_| ())
}

/// Truncates the log up to `position`, in the transaction in which its batches were applied.
pub(crate) fn truncate_log(connection: &Connection, position: Position) -> rusqlite::Result<()> {
    connection.prepare_cached(DELETE_BATCHES)?.execute([stored_number(position)]).map(|_| ())
}

/// Address of a declaration, which tells it from another one of the same name.
pub(crate) fn address(collection: &'static Collection) -> usize {
    std::ptr::from_ref(collection).addr()
}
