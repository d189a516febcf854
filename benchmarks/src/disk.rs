//! What the disk does without the shop: the time of one flush, and rows in batches on a bare database.

use crate::latency::Latency;
use rusqlite::Connection;
use std::{
    fs::File,
    io::Write,
    os::unix::fs::FileExt,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Flushes that are timed.
const FLUSHES: u32 = 500;
/// Rows a bare checkout would write: as many as the shop's.
const ROWS: usize = 12;

/// The time of one flush of 4 KiB that is appended to a file.
pub(crate) fn flush_time() -> Result<Latency, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let path = folder.path().join("flushed");
    let mut file = File::create(path).map_err(|error| error.to_string())?;
    let mut times = Latency::to_digits(3)?;
    for _ in 0..FLUSHES {
        file.write_all(&[7; 4_096]).map_err(|error| error.to_string())?;
        let begun = now();
        file.sync_data().map_err(|error| error.to_string())?;
        times.record(begun.elapsed());
    }
    Ok(times)
}

/// How often a bare log is flushed beside a load: seldom enough not to be a load itself.
const BESIDE_EVERY: Duration = Duration::from_millis(10);
/// The bytes after which it begins anew, as a write-ahead log does.
const BESIDE_BYTES: u64 = 8 * 1024 * 1024;

/// A bare log on the shop's disk that is flushed during a run: how long the disk takes for one flush in that time,
/// whoever else is at work on it.
pub(crate) struct Beside {
    end: SyncSender<()>,
    flushes: JoinHandle<Result<Latency, String>>,
}

impl Beside {
    /// Begins to flush, on a thread of its own.
    pub(crate) fn begin() -> Result<Self, String> {
        let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
        let (end, ended) = sync_channel::<()>(0);
        let flush = move || {
            let explained = |error: std::io::Error| error.to_string();
            let file = File::create(folder.path().join("beside")).map_err(explained)?;
            let mut times = Latency::to_digits(3)?;
            let mut at = 0;
            while ended.recv_timeout(BESIDE_EVERY) == Err(RecvTimeoutError::Timeout) {
                file.write_all_at(&[7; 4_096], at).map_err(explained)?;
                let begun = now();
                file.sync_data().map_err(explained)?;
                times.record(begun.elapsed());
                at = (at + 4_096) % BESIDE_BYTES;
            }
            Ok(times)
        };
        let thread = std::thread::Builder::new().name("bare-log".to_owned());
        let flushes = thread.spawn(flush).map_err(|error| error.to_string())?;
        Ok(Self { end, flushes })
    }

    /// Ends it, and tells how long the flushes took.
    pub(crate) fn end(self) -> Result<Latency, String> {
        drop(self.end);
        self.flushes.join().map_err(|_| "the bare log's thread has panicked".to_owned())?
    }
}

/// Orders a second that a bare database takes, `ROWS` rows each, `orders` of them in one transaction: write-ahead
/// log, full synchronisation, checkpoints left out.
pub(crate) fn bare_orders(orders: usize, time: Duration) -> Result<f64, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let database =
        Connection::open(folder.path().join("bare.db")).map_err(|error| error.to_string())?;
    let set_up =
        "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;
        create table rows (position integer primary key, stream text, version integer, data blob);
        create unique index streams on rows (stream, version);";
    database.execute_batch(set_up).map_err(|error| error.to_string())?;
    let begun = now();
    let mut done = 0_usize;
    while begun.elapsed() < time {
        batch(&database, done, orders).map_err(|error| error.to_string())?;
        done += orders;
    }
    Ok(crate::report::float(done as u64) / begun.elapsed().as_secs_f64())
}

fn batch(database: &Connection, from: usize, orders: usize) -> rusqlite::Result<()> {
    database.execute_batch("begin immediate")?;
    let mut insert =
        database.prepare_cached("insert into rows (stream, version, data) values (?1, ?2, ?3)")?;
    for order in from..from + orders {
        for row in 0..ROWS {
            insert.execute((format!("order-{order:012}-{row:02}"), 1, [0x20_u8; 300]))?;
        }
    }
    database.execute_batch("commit")
}

#[expect(clippy::disallowed_methods, reason = "outside a runtime, to time blocking calls")]
fn now() -> Instant {
    Instant::now()
}
