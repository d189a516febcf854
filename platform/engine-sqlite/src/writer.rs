//! The one thread that writes: commits whatever is queued to the log with one flush, and begins again; in between it
//! brings the log into the tables.

use crate::{
    apply::{Applied, forget_batches},
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
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// As soon as so many writes wait for the tables, they are brought there. Fewer change the same pages too often; more
/// make those wait who queue meanwhile.
pub(crate) const APPLY_WRITES: usize = 512;
/// Or so many bytes: what goes into the write-ahead log at once stays small against it.
const APPLY_BYTES: usize = 512 * 1024;
/// Fewer are brought there after this time.
const APPLY_AFTER: Duration = Duration::from_millis(200);

pub(crate) struct Writer {
    log: Arc<Log>,
    connection: Connection,
    checkpoints: Checkpoints,
    tables: Applied,
    /// What is flushed and not yet in the tables, oldest first.
    backlog: VecDeque<Queued>,
    backlog_bytes: usize,
    /// Since when there is something in it.
    backlog_since: Instant,
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
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            backlog_since: Instant::now(),
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
    fn work(&mut self) -> rusqlite::Result<()> {
        loop {
            let due = match self.backlog.len() {
                0 => None,
                APPLY_WRITES.. => Some(Duration::ZERO),
                _ if self.backlog_bytes >= APPLY_BYTES => Some(Duration::ZERO),
                _ => Some(APPLY_AFTER.saturating_sub(self.backlog_since.elapsed())),
            };
            match self.log.next_work(due) {
                Work::Batch(batch, bytes) => self.commit(batch, bytes)?,
                Work::End if self.backlog.is_empty() => return Ok(()),
                Work::Tables | Work::End => self.apply()?,
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
        let flush = self.transaction(|writer| {
            writer.tables.prepare(&writer.connection, &batch)?;
            if is_large {
                writer.apply_backlog()?;
                return writer.tables.apply(&writer.connection, &batch);
            }
            let last = batch.last().map_or(0, |queued| queued.position);
            let mut insert = writer.connection.prepare_cached(INSERT_BATCH)?;
            insert.execute(params![number(last), &record::encode(&batch)[..]]).map(|_| ())
        })?;
        self.log.counters.flushed(batch.len(), bytes, started.elapsed(), flush);
        self.log.made(self.tables.made());
        self.log.flushed(&batch, bytes);
        if self.backlog.is_empty() {
            self.backlog_since = Instant::now();
        }
        self.backlog.extend(batch);
        self.backlog_is(self.backlog_bytes + bytes);
        if is_large {
            self.settle();
        }
        Ok(())
    }

    /// Brings the backlog into the tables. Nobody waits for a flush of that: until the next one the log has it all.
    fn apply(&mut self) -> rusqlite::Result<()> {
        self.connection.execute_batch("PRAGMA synchronous = normal")?;
        self.transaction(|writer| writer.apply_backlog())?;
        self.connection.execute_batch("PRAGMA synchronous = full")?;
        self.log.counters.applies.fetch_add(1, Relaxed);
        self.settle();
        Ok(())
    }

    fn apply_backlog(&self) -> rusqlite::Result<()> {
        let Some(last) = self.backlog.back() else { return Ok(()) };
        self.tables.apply(&self.connection, &self.backlog)?;
        forget_batches(&self.connection, last.position)
    }

    /// The backlog is in the tables.
    fn settle(&mut self) {
        self.log.settle(self.backlog.make_contiguous());
        self.backlog.clear();
        self.backlog_is(0);
    }

    fn backlog_is(&mut self, bytes: usize) {
        self.backlog_bytes = bytes;
        self.log.counters.backlog_is(bytes as u64);
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
