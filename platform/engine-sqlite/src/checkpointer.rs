//! Checkpointer: copies `SQLite`'s write-ahead log (WAL) into the database file, out of the writer's way.
//!
//! A thread with a connection of its own copies pages (a passive checkpoint) while the writer goes on. Under load it never
//! catches up, so the writer copies the small remainder between two batches and restarts the WAL. `SQLite` flushes the
//! database file before that; the thread does the large part of this flush as well, since `SQLite` itself would leave all of
//! it to the writer. `SQLite`'s documentation, "Write-Ahead Logging", explains checkpoints and their modes.

use crate::{log::SqliteLog, open::BUSY_TIMEOUT};
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Remainder, in pages, that the writer copies itself.
const REMAINDER_PAGES: u64 = 512;
/// Timeout of a restart of the WAL: how long the writer waits for readers before it postpones the restart.
const RESTART_TIMEOUT: Duration = Duration::from_millis(10);
/// Timeout of a restart when the WAL has reached its limit.
const RESTART_TIMEOUT_AT_LIMIT: Duration = Duration::from_secs(1);

/// Writer's side of the checkpointer.
pub(crate) struct Checkpointer {
    control: Arc<CheckpointControl>,
    thread: Option<JoinHandle<()>>,
    /// Pages in the WAL after the last commit.
    wal_pages: Arc<AtomicU64>,
    page_bytes: u64,
    database: DatabaseFile,
}

/// Database file, opened for flushing. Absent when the database is not where the path says (a test's own file system); then
/// the writer flushes all of it.
///
/// Must be closed after every connection: closing any descriptor of a file releases all POSIX locks (`fcntl`) that the
/// process has on it, those of `SQLite` included.
type DatabaseFile = Option<Arc<File>>;

/// Requests to the checkpoint thread, and its state.
#[derive(Debug, Default)]
struct CheckpointControl {
    state: Mutex<CheckpointState>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CheckpointState {
    #[default]
    Idle,
    Requested,
    Running,
    /// Finished, with this many pages of the WAL in the database file.
    Done(u64),
    Stopped,
}

impl Checkpointer {
    /// Starts the checkpoint thread for `writer`'s WAL; the thread uses `connection`.
    pub(crate) fn start(
        log: Arc<SqliteLog>,
        writer: &mut Connection,
        connection: Connection,
        path: &Path,
    ) -> std::io::Result<Self> {
        let page_bytes = writer.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0));
        let page_bytes = page_bytes.map_err(std::io::Error::other)?.cast_unsigned();
        let wal_pages = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&wal_pages);
        // The hook replaces SQLite's own checkpoints, which would run inside a commit.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            counter.store(u64::from(pages.unsigned_abs()), Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(std::io::Error::other)?;
        let control = Arc::new(CheckpointControl::default());
        let worker = Arc::clone(&control);
        let builder = std::thread::Builder::new().name("sqlite-checkpoint".to_owned());
        let database: DatabaseFile = File::open(path).ok().map(Arc::new);
        let flushed = database.clone();
        let thread = builder.spawn(move || worker.run(&log, &connection, flushed.as_deref()))?;
        Ok(Self { control, thread: Some(thread), wal_pages, page_bytes, database })
    }

    /// Decides after each batch whether a checkpoint is due, and whether the thread or the writer runs it.
    pub(crate) fn after_batch(&self, writer: &Connection, log: &SqliteLog) -> rusqlite::Result<()> {
        let pages = self.wal_pages.load(Relaxed);
        let bytes = pages * self.page_bytes;
        log.counters.set_wal_bytes(bytes);
        if bytes < log.options.wal_checkpoint_bytes {
            self.control.reset();
            return Ok(());
        }
        let at_limit = bytes >= log.options.wal_bytes_max;
        if at_limit {
            self.control.wait_until_done();
        }
        let state = *self.control.state.lock();
        match state {
            CheckpointState::Done(copied)
                if at_limit || pages.saturating_sub(copied) <= REMAINDER_PAGES => {}
            CheckpointState::Idle | CheckpointState::Done(_) => {
                self.control.request();
                return Ok(());
            }
            CheckpointState::Requested | CheckpointState::Running | CheckpointState::Stopped => {
                return Ok(());
            }
        }
        self.control.reset();
        writer.busy_timeout(if at_limit { RESTART_TIMEOUT_AT_LIMIT } else { RESTART_TIMEOUT })?;
        let restarted = checkpoint(writer, "RESTART");
        writer.busy_timeout(BUSY_TIMEOUT)?;
        if restarted?.is_complete {
            self.wal_pages.store(0, Relaxed);
            log.counters.set_wal_bytes(0);
            log.counters.wal_resets.fetch_add(1, Relaxed);
        } else if at_limit {
            tracing::warn!(bytes, "a reader keeps the write-ahead log from being restarted");
        }
        Ok(())
    }

    /// Stops the thread. The file returned must be dropped after the writer's connection.
    pub(crate) fn stop(mut self) -> DatabaseFile {
        *self.control.state.lock() = CheckpointState::Stopped;
        self.control.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook already.
            let _ = thread.join();
        }
        self.database.take()
    }

    /// Copies all of the WAL into the database file and truncates it; for a clean shutdown.
    pub(crate) fn truncate_wal(writer: &Connection) -> rusqlite::Result<()> {
        writer.busy_timeout(RESTART_TIMEOUT_AT_LIMIT)?;
        checkpoint(writer, "TRUNCATE").map(|_| ())
    }
}

impl CheckpointControl {
    fn run(&self, log: &SqliteLog, connection: &Connection, database: Option<&File>) {
        loop {
            let mut state = self.state.lock();
            while *state != CheckpointState::Requested {
                if *state == CheckpointState::Stopped {
                    return;
                }
                self.changed.wait(&mut state);
            }
            *state = CheckpointState::Running;
            drop(state);
            let copied =
                checkpoint(connection, "PASSIVE").map(|checkpoint| checkpoint.copied_pages);
            log.counters.checkpoints.fetch_add(1, Relaxed);
            let copied = copied.unwrap_or_else(|error| {
                tracing::warn!(%error, "a passive checkpoint failed");
                0
            });
            if let Some(Err(error)) = database.map(File::sync_data) {
                // SQLite flushes the file through its own descriptor, gets the error too, and keeps the WAL.
                tracing::warn!(%error, "the database file could not be flushed beside the writer");
            }
            let mut state = self.state.lock();
            if *state == CheckpointState::Running {
                *state = CheckpointState::Done(copied);
            }
            self.changed.notify_all();
        }
    }

    fn request(&self) {
        *self.state.lock() = CheckpointState::Requested;
        self.changed.notify_all();
    }

    /// Resets the count of copied pages: the WAL was restarted, or is about to be.
    fn reset(&self) {
        let mut state = self.state.lock();
        if matches!(*state, CheckpointState::Done(_)) {
            *state = CheckpointState::Idle;
        }
    }

    fn wait_until_done(&self) {
        let mut state = self.state.lock();
        if *state == CheckpointState::Idle {
            *state = CheckpointState::Requested;
            self.changed.notify_all();
        }
        while matches!(*state, CheckpointState::Requested | CheckpointState::Running) {
            self.changed.wait(&mut state);
        }
    }
}

/// Result of a checkpoint.
struct CheckpointResult {
    /// Whether it was not blocked by a reader or writer.
    is_complete: bool,
    /// Pages of the WAL that are in the database file.
    copied_pages: u64,
}

/// Runs `PRAGMA wal_checkpoint` in this mode.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<CheckpointResult> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement.query_row([], |row| {
        let (busy, copied): (i64, i64) = (row.get(0)?, row.get(2)?);
        // SQLite reports -1 pages when the checkpoint could not begin.
        Ok(CheckpointResult {
            is_complete: busy == 0,
            copied_pages: u64::try_from(copied).unwrap_or(0),
        })
    })
}
