//! Disk baseline: the time of a flush, and the throughput of a bare database.

use crate::{latency::LatencyHistogram, numbers::float};
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

/// Number of flushes that are timed.
const FLUSHES: u32 = 500;
/// Rows per order on the bare database: as many as the shop writes.
const ROWS: usize = 12;

/// Latency of a flush of 4 KiB appended to a file.
pub(crate) fn flush_time() -> Result<LatencyHistogram, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let path = folder.path().join("flushed");
    let mut file = File::create(path).map_err(|error| error.to_string())?;
    let mut times = LatencyHistogram::with_digits(3)?;
    for _ in 0..FLUSHES {
        file.write_all(&[7; 4_096]).map_err(|error| error.to_string())?;
        let started_at = now();
        file.sync_data().map_err(|error| error.to_string())?;
        times.record(started_at.elapsed());
    }
    Ok(times)
}

/// Interval between flushes of the probe: long enough for it not to be a load itself.
const PROBE_INTERVAL: Duration = Duration::from_millis(10);
/// Size at which the probe starts over at the beginning of its file, as a write-ahead log does.
const PROBE_FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Flush probe: a bare log on the shop's disk that is flushed throughout a run, to measure what one flush of the disk
/// takes at that time.
pub(crate) struct FlushProbe {
    stop: SyncSender<()>,
    flushes: JoinHandle<Result<LatencyHistogram, String>>,
}

impl FlushProbe {
    /// Starts the probe on its own thread.
    pub(crate) fn start() -> Result<Self, String> {
        let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
        let (stop, stopped) = sync_channel::<()>(0);
        let flush = move || {
            let explained = |error: std::io::Error| error.to_string();
            let file = File::create(folder.path().join("probe")).map_err(explained)?;
            let mut times = LatencyHistogram::with_digits(3)?;
            let mut at = 0;
            while stopped.recv_timeout(PROBE_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                file.write_all_at(&[7; 4_096], at).map_err(explained)?;
                let started_at = now();
                file.sync_data().map_err(explained)?;
                times.record(started_at.elapsed());
                at = (at + 4_096) % PROBE_FILE_BYTES_MAX;
            }
            Ok(times)
        };
        let thread = std::thread::Builder::new().name("flush-probe".to_owned());
        let flushes = thread.spawn(flush).map_err(|error| error.to_string())?;
        Ok(Self { stop, flushes })
    }

    /// Stops the probe and returns the latencies of its flushes.
    pub(crate) fn stop(self) -> Result<LatencyHistogram, String> {
        drop(self.stop);
        self.flushes.join().map_err(|_| "the thread of the flush probe has panicked".to_owned())?
    }
}

/// Throughput of a bare database in orders per second, with [`ROWS`] rows per order and `orders` per transaction:
/// write-ahead log, full synchronisation, no checkpoints.
pub(crate) fn bare_orders(orders: usize, time: Duration) -> Result<f64, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let database =
        Connection::open(folder.path().join("bare.db")).map_err(|error| error.to_string())?;
    let set_up =
        "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;
        create table rows (position integer primary key, stream text, version integer, data blob);
        create unique index streams on rows (stream, version);";
    database.execute_batch(set_up).map_err(|error| error.to_string())?;
    let started_at = now();
    let mut done = 0_usize;
    while started_at.elapsed() < time {
        insert_batch(&database, done, orders).map_err(|error| error.to_string())?;
        done += orders;
    }
    Ok(float(done as u64) / started_at.elapsed().as_secs_f64())
}

fn insert_batch(database: &Connection, from: usize, orders: usize) -> rusqlite::Result<()> {
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
