//! The one thread that writes: takes whatever is queued, commits it with one flush, and begins again.

use crate::{
    checkpoint::Checkpoints,
    folder::Hold,
    log::Log,
    operation::{Entry, Operation, Queued},
    readers::number,
    schema::DocumentTable,
    service::Service,
};
use rusqlite::{Connection, params, params_from_iter, types::ToSqlOutput};
use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use storage::{Collection, Value, Write};
use tokio::time::Instant;

pub(crate) struct Writer {
    log: Arc<Log>,
    connection: Connection,
    checkpoints: Checkpoints,
    /// The services whose tables are known to be there.
    created: HashSet<usize>,
    /// The tables of collections, by service and by the address of the declaration.
    tables: HashMap<(usize, usize), DocumentTable>,
    /// The data folder is ours as long as any writer lives.
    folder_lock: Arc<Hold>,
}

impl Writer {
    pub(crate) fn new(
        log: Arc<Log>,
        connection: Connection,
        checkpoints: Checkpoints,
        folder_lock: Arc<Hold>,
    ) -> Self {
        let (created, tables) = (HashSet::new(), HashMap::new());
        Self { log, connection, checkpoints, created, tables, folder_lock }
    }

    /// Writes until the log is closed or a flush fails, and lets go of the file.
    pub(crate) fn run(mut self) {
        // Nobody may wait for ever because of a mistake here.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_batches()));
        let failure = match written {
            Ok(written) => {
                written.err().map(|error| format!("the log could not be written: {error}"))
            }
            Err(_panic) => Some("the writer stopped over a mistake in the program".to_owned()),
        };
        let Self { log, connection, checkpoints, folder_lock, .. } = self;
        if let Some(reason) = &failure {
            log.fail(reason);
        }
        checkpoints.end();
        if failure.is_none() {
            log.readers.close();
            if let Err(error) = Checkpoints::finish(&connection) {
                tracing::warn!(%error, "the write-ahead log is left for the next start");
            }
        }
        drop(connection);
        drop(folder_lock);
        log.free();
    }

    /// Ends with the first flush that fails. The same one is never tried again: the system may have dropped the
    /// pages it could not write, and say that all is well the second time.
    fn write_batches(&mut self) -> rusqlite::Result<()> {
        while let Some((batch, bytes)) = self.log.next_batch() {
            self.flush(&batch, bytes)?;
            self.log.settle(&batch, bytes);
            if let Err(error) = self.checkpoints.after_batch(&self.connection, &self.log) {
                tracing::warn!(%error, "the write-ahead log could not be brought into the database");
            }
        }
        Ok(())
    }

    fn flush(&mut self, batch: &[Queued], bytes: usize) -> rusqlite::Result<()> {
        let started = Instant::now();
        let written = self.write(batch);
        if let Err(error) = written {
            // What it says does not matter any more; the first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(error);
        }
        let flushing = Instant::now();
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        let now = Instant::now();
        let (whole, flush) = (now.duration_since(started), now.duration_since(flushing));
        self.log.counters.flushed(batch.len(), bytes, whole, flush);
        Ok(())
    }

    fn write(&mut self, batch: &[Queued]) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        batch.iter().try_for_each(|queued| self.apply(&queued.service, &queued.operation))
    }

    fn apply(&mut self, service: &Service, operation: &Operation) -> rusqlite::Result<()> {
        let tables = &service.tables;
        if self.created.insert(service.index) {
            tables.create(&self.connection)?;
        }
        let connection = &self.connection;
        match operation {
            Operation::Append { row, writes } => {
                let (position, version) = (number(row.first_position), number(row.first_version));
                let mut insert = connection.prepare_cached(&tables.insert_events)?;
                insert.execute(params![
                    position,
                    row.stream,
                    version,
                    number(row.count),
                    &row.events[..]
                ])?;
                drop(insert);
                self.write_documents(service, writes)
            }
            Operation::Documents(writes) => self.write_documents(service, writes),
            Operation::Collection(collection) => self.table(service, collection),
            Operation::Value { key, entry: Some(Entry { value, expires_at }) } => {
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

    fn write_documents(&mut self, service: &Service, writes: &[Write]) -> rusqlite::Result<()> {
        for write in writes {
            let (Write::Put { collection, .. } | Write::Delete { collection, .. }) = write;
            self.table(service, collection)?;
            let table = &self.tables[&(service.index, address(collection))];
            match write {
                Write::Put { document, .. } => {
                    let value_of =
                        |field: &&str| document.fields.iter().find(|(name, _)| name == field);
                    let key = ToSqlOutput::from(document.key.as_str());
                    let values = table.fields.iter().map(|field| match value_of(field) {
                        Some((_, value)) => sql(value),
                        None => ToSqlOutput::from(rusqlite::types::Null),
                    });
                    let values =
                        [key, ToSqlOutput::from(&document.body[..])].into_iter().chain(values);
                    self.connection
                        .prepare_cached(&table.put)?
                        .execute(params_from_iter(values))?;
                }
                Write::Delete { key, .. } => {
                    self.connection.prepare_cached(&table.delete)?.execute([key])?;
                }
            }
        }
        Ok(())
    }

    /// Makes the table of a collection what its declaration asks for, once in a process.
    fn table(
        &mut self,
        service: &Service,
        collection: &'static Collection,
    ) -> rusqlite::Result<()> {
        let key = (service.index, address(collection));
        if !self.tables.contains_key(&key) {
            let table = service.tables.create_collection(&self.connection, collection)?;
            self.tables.insert(key, table);
        }
        Ok(())
    }
}

/// What tells one declaration from another of the same name.
pub(crate) fn address(collection: &'static Collection) -> usize {
    std::ptr::from_ref(collection).addr()
}

/// A value as the database compares it: numbers before text, text byte by byte.
pub(crate) fn sql(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Integer(number) => ToSqlOutput::from(*number),
        Value::Text(text) => ToSqlOutput::from(text.as_str()),
    }
}
