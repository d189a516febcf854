//! Benchmark of appends: throughput and latency with few and many callers, next to bare `SQLite` with batches of the same
//! size. Run it in release mode, on the disk that is to be measured: `cargo run --release -p engine-sqlite --example
//! appends -- [FOLDER] [SECONDS]`.

use bytes::Bytes;
use engine_sqlite::{Options, SqliteEngine, Statistics};
use journal::{Append, NewEvent, ServiceStorage};
use kernel::{Timestamp, Uuid};
use rusqlite::{Connection, params};
use std::{error::Error, path::Path, time::Duration};
use storage::{Collection, Document, Write};
use tokio::{runtime::Runtime, task::JoinSet, time::Instant};

static RECORDS: Collection = Collection { name: "records", indexes: &[] };

const CALLERS: [usize; 3] = [1, 16, 64];
const EVENT_BYTES: usize = 300;

/// Workload: what a caller does before it waits for the flush.
#[derive(Clone, Copy)]
struct Workload {
    name: &'static str,
    services: &'static [&'static str],
    documents: usize,
}

const WORKLOADS: [Workload; 2] = [
    Workload { name: "one append", services: &["a"], documents: 0 },
    Workload {
        name: "six appends of six services, a document with each",
        services: &["a", "b", "c", "d", "e", "f"],
        documents: 1,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let seconds = arguments.next().map_or(Ok(5), |seconds| seconds.parse())?;
    let time = Duration::from_secs(seconds);
    println!("flushes in {}, {seconds} s each", folder.display());
    for rows in CALLERS {
        let bare = tempfile::tempdir_in(&folder)?;
        println!("bare SQLite, {rows:>2} rows a batch: {}", bare_batches(bare.path(), rows, time)?);
    }
    for workload in WORKLOADS {
        for callers in CALLERS {
            let data = tempfile::tempdir_in(&folder)?;
            let runtime = Runtime::new()?;
            let line = runtime.block_on(measure(data.path(), workload, callers, time))?;
            println!("{}, {callers:>2} callers: {line}", workload.name);
        }
    }
    Ok(())
}

async fn measure(
    folder: &Path,
    workload: Workload,
    callers: usize,
    time: Duration,
) -> Result<String, Box<dyn Error>> {
    let engine = SqliteEngine::open(folder, Options::default())?;
    let services: Vec<ServiceStorage> =
        workload.services.iter().map(|name| engine.service(name)).collect();
    let (started, processor) = (Instant::now(), cpu_time()?);
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let services = services.clone();
        running.spawn(async move {
            let mut times = Vec::new();
            for round in 0_u64.. {
                let began = Instant::now();
                if began.duration_since(started) >= time {
                    break;
                }
                one_round(&services, workload, &format!("{caller}-{round:08}")).await;
                times.push(began.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = running.join_all().await.into_iter().flatten().collect();
    let (elapsed, processor) = (started.elapsed(), cpu_time()?.saturating_sub(processor));
    times.sort_unstable();
    let statistics = engine.statistics();
    engine.close().await?;
    let rate = per_second(times.len(), elapsed);
    let micros = processor.as_micros() / times.len().max(1) as u128;
    Ok(format!(
        "{rate:>6}/s, {}, {micros} µs of CPU each; {}",
        quantiles(&times),
        flushes(&statistics)
    ))
}

async fn one_round(services: &[ServiceStorage], workload: Workload, name: &str) {
    let mut commit = storage::Commit::durable();
    for (service, storage) in (0_u128..).zip(services) {
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::from_u128(service), name.as_bytes()),
            name: "thing_happened",
            data: Bytes::from(vec![b'x'; EVENT_BYTES]),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: journal::TypedEvent::default(),
        };
        let document =
            || Document { key: name.to_owned(), body: event.data.clone(), fields: Vec::new() };
        let writes = (0..workload.documents)
            .map(|_| Write::Put { collection: &RECORDS, document: document() });
        let writes = writes.collect();
        let (stream, events) = (format!("thing-{name}"), vec![event]);
        let append = Append { stream, expected: 0, events, writes, origin: None };
        commit = storage.journal.append(append).await.expect("it is accepted").commit;
    }
    commit.wait().await.expect("it is flushed");
}

/// Baseline: one thread, one table, prepared statements, this many rows in each transaction.
fn bare_batches(folder: &Path, rows: usize, time: Duration) -> Result<String, Box<dyn Error>> {
    let connection = Connection::open(folder.join("bare.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
         CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, first_version INTEGER, count INTEGER, events BLOB);
         CREATE UNIQUE INDEX streams ON events (stream, first_version);",
    )?;
    let data = vec![b'x'; EVENT_BYTES + 50];
    let mut times = Vec::new();
    let (started, mut number) = (Instant::now(), 0_i64);
    while started.elapsed() < time {
        let began = Instant::now();
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..rows {
            number += 1;
            let mut insert =
                connection.prepare_cached("INSERT INTO events VALUES (?1, ?2, 1, 1, ?3)")?;
            insert.execute(params![number, format!("thing-{number:08}"), data])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        times.push(began.elapsed());
    }
    let rate = per_second(times.len() * rows, started.elapsed());
    times.sort_unstable();
    Ok(format!("{rate:>6} rows/s, {}", quantiles(&times)))
}

fn per_second(count: usize, time: Duration) -> u128 {
    count as u128 * 1_000_000 / time.as_micros().max(1)
}

fn quantiles(times: &[Duration]) -> String {
    let at = |permille: usize| {
        times.get((times.len() * permille / 1_000).min(times.len().saturating_sub(1)))
    };
    let millis = |permille| at(permille).map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    format!("p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms", millis(500), millis(990), millis(999))
}

fn flushes(statistics: &Statistics) -> String {
    format!(
        "{} writes in {} flushes, mean flush {} µs, {} checkpoints, {} restarts, log at most {} KiB",
        statistics.writes,
        statistics.flushes,
        statistics.flush_micros_sum / statistics.flushes.max(1),
        statistics.checkpoints,
        statistics.wal_resets,
        statistics.wal_bytes_peak / 1024
    )
}

/// CPU time of all threads of this process.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> =
        status.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| -> Result<u64, Box<dyn Error>> {
        Ok(fields.get(field).ok_or("no such field")?.parse()?)
    };
    // Linux reports ticks of 10 ms (USER_HZ = 100).
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}
