//! Writer thread, the only one that writes to the database: it commits whatever is queued to the log with one flush (group
//! commit), and applies the backlog to the tables in between.

use crate::{
    backlog::{APPLY_BYTES, APPLY_WRITES, Backlog, Portion},
    checkpointer::Checkpointer,
    folder_state::FolderState,
    log::{FlushPolicy, SqliteLog, WriterTask},
    log_record,
    schema::INSERT_BATCH,
    sql_value::stored_number,
    table_writer::{TableWriter, truncate_log},
    write_operation::QueuedWrite,
};
use data_folder::FolderLock;
use rusqlite::{Connection, params};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// Writer of one log.
pub(crate) struct Writer {
    log: Arc<SqliteLog>,
    connection: Connection,
    checkpointer: Checkpointer,
    tables: TableWriter,
    backlog: Backlog,
    database: OpenDatabase,
}

/// Database file that a writer has open.
pub(crate) struct OpenDatabase {
    pub(crate) file: &'static str,
    pub(crate) state: Arc<FolderState>,
    /// Lock of the data folder: shared by the writers, released by the last one.
    pub(crate) folder_lock: Arc<FolderLock>,
}

impl Writer {
    pub(crate) fn new(
        log: Arc<SqliteLog>,
        connection: Connection,
        checkpointer: Checkpointer,
        database: OpenDatabase,
    ) -> Self {
        Self {
            log,
            connection,
            checkpointer,
            tables: TableWriter::default(),
            backlog: Backlog::new(),
            database,
        }
    }

    /// Runs until the log is closed or a flush fails, and then closes the database.
    pub(crate) fn run(mut self) {
        // A panic here must not leave tasks waiting for ever: it fails the log.
        let written = catch_unwind(AssertUnwindSafe(|| self.work()));
        let failure = match written {
            Ok(written) => {
                written.err().map(|error| format!("the log could not be written: {error}"))
            }
            Err(_panic) => Some("the writer panicked".to_owned()),
        };
        let Self { log, connection, checkpointer, database: open, .. } = self;
        if let Some(reason) = &failure {
            log.fail(reason);
        }
        let database = checkpointer.stop();
        if failure.is_none() {
            log.readers.close();
            if let Err(error) = Checkpointer::truncate_wal(&connection) {
                tracing::warn!(%error, "the write-ahead log is left for the next start");
            }
        }
        open.state.end_use(open.file);
        drop(connection);
        drop(database);
        drop(open.folder_lock);
        log.mark_stopped();
    }

    /// Ends with the first flush that fails. A failed flush is never retried: the kernel may have dropped the pages that it
    /// could not write, and report success the second time (the "fsyncgate" of 2018).
    fn work(&mut self) -> rusqlite::Result<()> {
        loop {
            match self.log.next_task(self.backlog.due(), self.backlog.has_slice()) {
                WriterTask::Flush(batch, bytes) => self.commit(batch, bytes)?,
                WriterTask::Apply(portion) => self.apply(portion)?,
                WriterTask::Stop if self.backlog.is_empty() => return Ok(()),
                WriterTask::Stop => self.apply(Portion::All)?,
            }
            if let Err(error) = self.checkpointer.after_batch(&self.connection, &self.log) {
                tracing::warn!(%error, "a checkpoint of the write-ahead log failed");
            }
        }
    }

    /// Flushes a batch. A small one is committed to the log; a large one is applied to the tables at once, after everything
    /// before it.
    fn commit(&mut self, batch: Vec<QueuedWrite>, bytes: usize) -> rusqlite::Result<()> {
        let started = Instant::now();
        let is_large = batch.len() >= APPLY_WRITES || bytes >= APPLY_BYTES;
        let is_large = is_large || self.log.flush_policy == FlushPolicy::Lingering;
        let before = if is_large { self.backlog.take(Portion::All) } else { Vec::new() };
        let flush = self.transaction(|writer| {
            writer.tables.prepare(&writer.connection, &batch)?;
            if is_large {
                writer.apply_and_truncate(&before)?;
                return writer.tables.apply(&writer.connection, &batch);
            }
            let last = batch.last().expect("a batch is not empty").position;
            let mut insert = writer.connection.prepare_cached(INSERT_BATCH)?;
            insert
                .execute(params![stored_number(last), &log_record::encode(&batch)[..]])
                .map(|_| ())
        })?;
        self.log.counters.record_flush(batch.len(), bytes, started.elapsed(), flush);
        self.log.add_tables(self.tables.take_created());
        self.log.mark_flushed(&batch, bytes);
        if is_large {
            self.log.mark_applied(&before);
            self.log.mark_applied(&batch);
        } else {
            self.backlog.push(batch, bytes);
        }
        self.log.counters.set_backlog_bytes(self.backlog.bytes() as u64);
        Ok(())
    }

    /// Applies a portion of the backlog to the tables. This transaction is not flushed by itself: until the next flush the
    /// log still has everything.
    fn apply(&mut self, portion: Portion) -> rusqlite::Result<()> {
        let oldest = self.backlog.take(portion);
        self.connection.execute_batch("PRAGMA synchronous = normal")?;
        self.transaction(|writer| writer.apply_and_truncate(&oldest))?;
        self.connection.execute_batch("PRAGMA synchronous = full")?;
        self.log.counters.applies.fetch_add(1, Relaxed);
        self.log.mark_applied(&oldest);
        self.log.counters.set_backlog_bytes(self.backlog.bytes() as u64);
        Ok(())
    }

    /// Applies batches to the tables, and truncates the log behind them.
    fn apply_and_truncate(&self, batches: &[QueuedWrite]) -> rusqlite::Result<()> {
        let Some(last) = batches.last() else { return Ok(()) };
        self.tables.apply(&self.connection, batches)?;
        truncate_log(&self.connection, last.position)
    }

    /// Runs `work` in a transaction; returns how long the commit took.
    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Duration> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let written = work(self).and_then(|()| {
            let flushing = Instant::now();
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(flushing.elapsed())
        });
        if written.is_err() {
            // The first error is the one to report; that of the rollback adds nothing.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        written
    }
}
