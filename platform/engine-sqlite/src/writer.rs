//! The one thread that writes: commits whatever is queued to the log with one flush, and begins again; in between it
//! brings the log into the tables.

use crate::{
    apply::{Applied, forget_batches},
    backlog::{APPLY_BYTES, APPLY_WRITES, Backlog, Portion},
    checkpoint::Checkpoints,
    folder::Hold,
    log::{Log, Pace, Work},
    operation::Queued,
    readers::number,
    record,
    schema::INSERT_BATCH,
};
use rusqlite::{Connection, params};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

pub(crate) struct Writer {
    log: Arc<Log>,
    connection: Connection,
    checkpoints: Checkpoints,
    tables: Applied,
    backlog: Backlog,
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
        Self {
            log,
            connection,
            checkpoints,
            tables: Applied::default(),
            backlog: Backlog::new(),
            folder_lock,
        }
    }

    /// Writes until the log is closed or a flush fails, and lets go of the file.
    pub(crate) fn run(mut self) {
        // Nobody may wait for ever because of a mistake here.
        let written = catch_unwind(AssertUnwindSafe(|| self.work()));
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
        let database = checkpoints.end();
        if failure.is_none() {
            log.readers.close();
            if let Err(error) = Checkpoints::finish(&connection) {
                tracing::warn!(%error, "the write-ahead log is left for the next start");
            }
        }
        drop(connection);
        drop(database);
        drop(folder_lock);
        log.free();
    }

    /// Ends with the first flush that fails. The same one is never tried again: the system may have dropped the
    /// pages it could not write, and say that all is well the second time.
    fn work(&mut self) -> rusqlite::Result<()> {
        loop {
            match self.log.next_work(self.backlog.due(), self.backlog.has_slice()) {
                Work::Batch(batch, bytes) => self.commit(batch, bytes)?,
                Work::Tables(portion) => self.apply(portion)?,
                Work::End if self.backlog.is_empty() => return Ok(()),
                Work::End => self.apply(Portion::All)?,
            }
            if let Err(error) = self.checkpoints.after_batch(&self.connection, &self.log) {
                tracing::warn!(%error, "the write-ahead log could not be brought into the database");
            }
        }
    }

    /// Flushes a batch. A small one goes to the log; a large one straight into the tables, behind all before it.
    fn commit(&mut self, batch: Vec<Queued>, bytes: usize) -> rusqlite::Result<()> {
        let started = Instant::now();
        let is_large = batch.len() >= APPLY_WRITES || bytes >= APPLY_BYTES;
        let is_large = is_large || self.log.pace == Pace::Lagging;
        let before = if is_large { self.backlog.take(Portion::All) } else { Vec::new() };
        let flush = self.transaction(|writer| {
            writer.tables.prepare(&writer.connection, &batch)?;
            if is_large {
                writer.put(&before)?;
                return writer.tables.apply(&writer.connection, &batch);
            }
            let last = batch.last().map_or(0, |queued| queued.position);
            let mut insert = writer.connection.prepare_cached(INSERT_BATCH)?;
            insert.execute(params![number(last), &record::encode(&batch)[..]]).map(|_| ())
        })?;
        self.log.counters.flushed(batch.len(), bytes, started.elapsed(), flush);
        self.log.made(self.tables.made());
        self.log.flushed(&batch, bytes);
        if is_large {
            self.log.settle(&before);
            self.log.settle(&batch);
        } else {
            self.backlog.push(batch, bytes);
        }
        self.log.counters.backlog_is(self.backlog.bytes() as u64);
        Ok(())
    }

    /// Brings the backlog into the tables. Nobody waits for a flush of that: until the next one the log has it all.
    fn apply(&mut self, portion: Portion) -> rusqlite::Result<()> {
        let oldest = self.backlog.take(portion);
        self.connection.execute_batch("PRAGMA synchronous = normal")?;
        self.transaction(|writer| writer.put(&oldest))?;
        self.connection.execute_batch("PRAGMA synchronous = full")?;
        self.log.counters.applies.fetch_add(1, Relaxed);
        self.log.settle(&oldest);
        self.log.counters.backlog_is(self.backlog.bytes() as u64);
        Ok(())
    }

    /// Puts batches into the tables, and takes them out of the log.
    fn put(&self, batches: &[Queued]) -> rusqlite::Result<()> {
        let Some(last) = batches.last() else { return Ok(()) };
        self.tables.apply(&self.connection, batches)?;
        forget_batches(&self.connection, last.position)
    }

    /// Does it all or nothing; returns how long the end took.
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
            // What it says does not matter any more; the first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        written
    }
}
