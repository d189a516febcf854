//! What the disk does without the shop: the time of one flush, and rows in batches on a bare database.

use crate::latency::Latency;
use rusqlite::Connection;
use std::{
    fs::File,
    io::Write,
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
