//! Benchmark of the rows of a request: throughput, latency and CPU of the engine, with few and many callers. Run it in release
//! mode, on the disk that is to be measured: `cargo run --release -p engine-log --example requests -- [FOLDER] [SECONDS]`.
//!
//! `… -- FOLDER requests COUNT` writes so many requests, two to a flush, and nothing else: to be counted with
//! `valgrind --tool=callgrind`, or timed.

use bytes::Bytes;
use engine_log::{LogEngine, LogOptions};
use journal::{Append, NewEvent, ServiceStorage};
use kernel::{Timestamp, Uuid};
use std::{error::Error, path::Path, time::Duration};
use storage::{Collection, Commit, Document, FieldValue, Index, Write};
use tokio::{runtime::Runtime, task::JoinSet, time::Instant};

static RECORDS: Collection =
    Collection { name: "records", indexes: &[Index { name: "by_state", fields: &["state"] }] };

const CALLERS: [usize; 3] = [1, 16, 64];
const SERVICES: [&str; 5] = ["a", "b", "c", "d", "e"];
/// Appends of a request: the service, the version of the stream before, and the bytes of the event.
const APPENDS: [(usize, u64, usize); 12] = [
    (0, 0, 300),
    (0, 1, 500),
    (0, 2, 700),
    (4, 0, 900),
    (3, 0, 400),
    (2, 0, 600),
    (4, 1, 200),
    (1, 0, 1_500),
    (2, 1, 250),
    (3, 1, 200),
    (1, 1, 200),
    (4, 2, 150),
];
/// Values of a request: answers that are remembered under an idempotency key.
const VALUES: [usize; 2] = [900, 1_500];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map_or_else(std::env::temp_dir, Into::into);
    let runtime = Runtime::new()?;
    if let [_, _, count] = &arguments[..] {
        return runtime.block_on(write_requests(&folder, count.parse()?));
    }
    let seconds = arguments.get(1).map_or(Ok(5), |seconds| seconds.parse())?;
    for callers in CALLERS {
        let data = tempfile::tempdir_in(&folder)?;
        let work = measure(data.path(), callers, Duration::from_secs(seconds));
        println!("{callers:>2} callers: {}", runtime.block_on(work)?);
    }
    Ok(())
}

async fn write_requests(folder: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let engine = LogEngine::open(folder, LogOptions::default())?;
    let services = SERVICES.map(|name| engine.service(name));
    let opened = started.elapsed();
    let (started, processor) = (Instant::now(), cpu_time()?);
    for pair in 0..count.div_ceil(2) {
        let commits = [request(&services, 2 * pair).await, request(&services, 2 * pair + 1).await];
        for commit in commits {
            commit.wait().await?;
        }
    }
    let (elapsed, processor) = (started.elapsed(), cpu_time()?.saturating_sub(processor));
    engine.close().await?;
    println!("{count} requests in {elapsed:?}, {processor:?} of CPU; opened in {opened:?}");
    Ok(())
}

async fn measure(folder: &Path, callers: usize, time: Duration) -> Result<String, Box<dyn Error>> {
    let engine = LogEngine::open(folder, LogOptions::default())?;
    let services = SERVICES.map(|name| engine.service(name));
    let (started, processor) = (Instant::now(), cpu_time()?);
    let mut running = JoinSet::new();
    for caller in 0..callers as u64 {
        let services = services.clone();
        running.spawn(async move {
            let mut times = Vec::new();
            for round in 0.. {
                let began = Instant::now();
                if began.duration_since(started) >= time {
                    break;
                }
                let commit = request(&services, caller << 32 | round).await;
                commit.wait().await.expect("it is flushed");
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
    let rate = times.len() as u128 * 1_000_000 / elapsed.as_micros().max(1);
    let micros = processor.as_micros() / times.len().max(1) as u128;
    let at = |permille: usize| times[(times.len() * permille / 1_000).min(times.len() - 1)];
    let flushes = statistics.flushes.max(1);
    Ok(format!(
        "{rate:>6} requests/s, p50 {:?}, p99 {:?}, p99.9 {:?}, {micros} µs of CPU each; {flushes} flushes, mean {} µs",
        at(500),
        at(990),
        at(999),
        statistics.flush_micros_sum / flushes
    ))
}

/// Writes the rows of one request; returns the last commit.
async fn request(services: &[ServiceStorage; 5], number: u64) -> Commit {
    let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_le_bytes()).to_string();
    let mut commit = Commit::durable();
    for (index, (service, expected, bytes)) in (0_u128..).zip(APPENDS) {
        let event = NewEvent {
            id: Uuid::from_u128(u128::from(number) << 64 | index),
            name: "thing_happened",
            data: Bytes::from(vec![b'x'; bytes]),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: journal::TypedEvent::default(),
            personal: None,
        };
        let fields = vec![("state", FieldValue::Text("new".to_owned()))];
        let document = Document { key: name.clone(), body: event.data.clone(), fields };
        let write = Write::Put { collection: &RECORDS, document };
        let writes = if service == 1 { vec![write] } else { Vec::new() };
        let (stream, events) = (format!("{}-{name}", SERVICES[service]), vec![event]);
        let append = Append { stream, expected, events, writes, origin: None, sequence: None };
        commit = services[service].journal.append(append).await.expect("it is accepted").commit;
    }
    for (service, bytes) in VALUES.into_iter().enumerate() {
        let value = Bytes::from(vec![b'v'; bytes]);
        let expires_at = Timestamp::from_second(4_000_000_000).ok();
        let put = services[service].key_value.put(&name, value, expires_at).await;
        commit = put.expect("it is accepted");
    }
    commit
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
