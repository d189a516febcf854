//! Brings the write-ahead log into the database, out of the writer's way.
//!
//! A thread with a connection of its own copies pages while the writer goes on. It never catches up under load, so
//! the writer copies the small remainder between two batches; then the log can begin anew. Before that the database
//! is flushed, and of that too the thread does the large part: `SQLite` itself would leave all of it to the writer.

use crate::{log::Log, open::BUSY_TIMEOUT};
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

/// A remainder up to this size the writer copies itself.
const REMAINDER_PAGES: u64 = 512;
/// How long the writer lets readers finish before it tries again later.
const PATIENCE: Duration = Duration::from_millis(10);
/// And how long when the log has reached its limit.
const PATIENCE_AT_LIMIT: Duration = Duration::from_secs(1);

/// The writer's side.
pub(crate) struct Checkpoints {
    pass: Arc<Pass>,
    thread: Option<JoinHandle<()>>,
    /// Pages in the write-ahead log after the last commit.
    wal_pages: Arc<AtomicU64>,
    page_bytes: u64,
    database: Database,
}

/// The database's file, to be flushed. It is absent when the database is not where the path says (a test's own file
/// system); then the writer flushes all of it.
///
/// To be closed after every connection: whoever closes a file lets go of all locks that the process has on it (POSIX,
/// `fcntl`), also of those that `SQLite` holds.
type Database = Option<Arc<File>>;

#[derive(Debug, Default)]
struct Pass {
    state: Mutex<PassState>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PassState {
    #[default]
    Idle,
    Wanted,
    Running,
    /// So many pages of the log are in the database.
    Done(u64),
    Over,
}

impl Checkpoints {
    /// Begins to watch `writer`'s log. `connection` is for the thread.
    pub(crate) fn start(
        log: Arc<Log>,
        writer: &mut Connection,
        connection: Connection,
        path: &Path,
    ) -> std::io::Result<Self> {
        let page_bytes = writer.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0));
        let page_bytes = page_bytes.map_err(std::io::Error::other)?.cast_unsigned();
        let wal_pages = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&wal_pages);
        // This takes the place of SQLite's own checkpoints, which would run inside a commit.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            seen.store(u64::from(pages.unsigned_abs()), Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(std::io::Error::other)?;
        let pass = Arc::new(Pass::default());
        let worker = Arc::clone(&pass);
        let builder = std::thread::Builder::new().name("sqlite-checkpoint".to_owned());
        let database: Database = File::open(path).ok().map(Arc::new);
        let flushed = database.clone();
        let thread = builder.spawn(move || worker.run(&log, &connection, flushed.as_deref()))?;
        Ok(Self { pass, thread: Some(thread), wal_pages, page_bytes, database })
    }

    /// Decides after each batch whether something is to be done, and by whom.
    pub(crate) fn after_batch(&self, writer: &Connection, log: &Log) -> rusqlite::Result<()> {
        let pages = self.wal_pages.load(Relaxed);
        let bytes = pages * self.page_bytes;
        log.counters.wal_is(bytes);
        if bytes < log.options.wal_checkpoint_bytes {
            self.pass.forget();
            return Ok(());
        }
        let at_limit = bytes >= log.options.wal_bytes_max;
        if at_limit {
            self.pass.wait_until_done();
        }
        let state = *self.pass.state.lock();
        match state {
            PassState::Done(copied)
                if at_limit || pages.saturating_sub(copied) <= REMAINDER_PAGES => {}
            PassState::Idle | PassState::Done(_) => {
                self.pass.want();
                return Ok(());
            }
            PassState::Wanted | PassState::Running | PassState::Over => return Ok(()),
        }
        self.pass.forget();
        writer.busy_timeout(if at_limit { PATIENCE_AT_LIMIT } else { PATIENCE })?;
        let restarted = checkpoint(writer, "RESTART");
        writer.busy_timeout(BUSY_TIMEOUT)?;
        if restarted?.is_complete {
            self.wal_pages.store(0, Relaxed);
            log.counters.wal_is(0);
            log.counters.wal_resets.fetch_add(1, Relaxed);
        } else if at_limit {
            tracing::warn!(bytes, "a reader keeps the write-ahead log from beginning anew");
        }
        Ok(())
    }

    /// Stops the thread. What it returns is to be dropped after the writer's connection.
    pub(crate) fn end(mut self) -> Database {
        *self.pass.state.lock() = PassState::Over;
        self.pass.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by its thread already.
            let _ = thread.join();
        }
        self.database.take()
    }

    /// Brings all of the log into the database, when nothing else goes on.
    pub(crate) fn finish(writer: &Connection) -> rusqlite::Result<()> {
        writer.busy_timeout(PATIENCE_AT_LIMIT)?;
        checkpoint(writer, "TRUNCATE").map(|_| ())
    }
}

impl Pass {
    fn run(&self, log: &Log, connection: &Connection, database: Option<&File>) {
        loop {
            let mut state = self.state.lock();
            while *state != PassState::Wanted {
                if *state == PassState::Over {
                    return;
                }
                self.changed.wait(&mut state);
            }
            *state = PassState::Running;
            drop(state);
            let copied =
                checkpoint(connection, "PASSIVE").map(|checkpoint| checkpoint.copied_pages);
            log.counters.checkpoints.fetch_add(1, Relaxed);
            let copied = copied.unwrap_or_else(|error| {
                tracing::warn!(%error, "a checkpoint beside the writer failed");
                0
            });
            if let Some(Err(error)) = database.map(File::sync_data) {
                // `SQLite` flushes it through a file of its own, is told as well, and keeps the log.
                tracing::warn!(%error, "the database could not be flushed beside the writer");
            }
            let mut state = self.state.lock();
            if *state == PassState::Running {
                *state = PassState::Done(copied);
            }
            self.changed.notify_all();
        }
    }

    fn want(&self) {
        *self.state.lock() = PassState::Wanted;
        self.changed.notify_all();
    }

    /// What was copied counts no more: the log has begun anew, or is about to.
    fn forget(&self) {
        let mut state = self.state.lock();
        if matches!(*state, PassState::Done(_)) {
            *state = PassState::Idle;
        }
    }

    fn wait_until_done(&self) {
        let mut state = self.state.lock();
        if *state == PassState::Idle {
            *state = PassState::Wanted;
            self.changed.notify_all();
        }
        while matches!(*state, PassState::Wanted | PassState::Running) {
            self.changed.wait(&mut state);
        }
    }
}

struct Checkpoint {
    /// Whether it got through to the end of what it was asked for.
    is_complete: bool,
    copied_pages: u64,
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Checkpoint> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement.query_row([], |row| {
        let (busy, copied): (i64, i64) = (row.get(0)?, row.get(2)?);
        Ok(Checkpoint { is_complete: busy == 0, copied_pages: u64::try_from(copied).unwrap_or(0) })
    })
}
