//! Load generator, closed-loop (each client sends its next request as soon as it has a response) or open-loop (iterations
//! start at a fixed rate, whether or not the server keeps up). Every response is checked; a wrong one ends the run.

use crate::{
    backends::RowCounts,
    config::RunConfig,
    engine_metrics::EngineMetrics,
    http_connection::HttpConnection,
    latency::LatencyRecorder,
    pacer,
    process::{ResourceUsage, Server},
    syscalls::SyscallCounter,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc::UnboundedReceiver},
    task::LocalSet,
    time::Instant,
};

/// Time limit for consumers to catch up after the load.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);
/// Time without processed messages after which consumers count as caught up.
const QUIESCENCE: Duration = Duration::from_millis(300);

/// Measurement of a load.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub(crate) iterations: u64,
    pub(crate) took: Duration,
    /// Of the measured step of each iteration; with an open load, of the whole iteration from its intended start.
    pub(crate) latency: LatencyRecorder,
    pub(crate) used: ResourceUsage,
    /// Rows that the shop's database was asked to write; `None` without one.
    pub(crate) rows: Option<RowCounts>,
    /// System calls of the server; `None` where they cannot be counted.
    pub(crate) syscalls: Option<u64>,
    pub(crate) resident_bytes_before: u64,
    /// Resident memory at the end of each tenth of the run.
    pub(crate) resident_bytes_by_tenth: Vec<u64>,
    /// Metrics of the engine meanwhile; `None` for the baseline server.
    pub(crate) engine: Option<EngineMetrics>,
    /// Time from the last response until the consumers of events had caught up.
    pub(crate) caught_up_in: Option<Duration>,
}

/// Latency sample: the measured step of an iteration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) kind: &'static str,
    pub(crate) took: Duration,
}

/// Workload of a client, one iteration after the other over its connection.
pub(crate) trait Workload {
    /// Runs iteration `number` of client `client`, and returns its latency sample.
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String>;
}

/// Window of a run in which latencies are recorded.
#[derive(Clone, Copy)]
struct MeasurementWindow {
    /// End of the warm-up.
    begin: Instant,
    end: Instant,
}

/// Resident memory of a server at the end of each tenth of the window.
async fn memory_by_tenth(server: &Server, window: &MeasurementWindow) -> Result<Vec<u64>, String> {
    let mut memory = Vec::new();
    for tenth in 1..=10 {
        tokio::time::sleep_until(window.begin + (window.end - window.begin) * tenth / 10).await;
        memory.push(server.usage()?.resident_bytes);
    }
    Ok(memory)
}

/// Arrival schedule: source of the intended start of each iteration.
enum ArrivalSchedule {
    /// Immediately, until the end of the run.
    ClosedLoop,
    /// At a fixed rate, from the pacer.
    OpenLoop(Mutex<UnboundedReceiver<Instant>>),
}

impl ArrivalSchedule {
    fn of(config: &RunConfig, now: Instant, window: MeasurementWindow) -> Result<Self, String> {
        Ok(match config.rate {
            None => Self::ClosedLoop,
            Some(rate) => Self::OpenLoop(Mutex::new(pacer::arrivals(rate, now, window.end)?)),
        })
    }

    async fn next(&self, window: MeasurementWindow) -> Option<Instant> {
        match self {
            Self::ClosedLoop => Some(Instant::now()).filter(|now| *now < window.end),
            Self::OpenLoop(arrivals) => arrivals.lock().await.recv().await,
        }
    }
}

/// Runs `workload` on all clients, for a fifth of the time as warm-up and then for the measured time; open-loop if
/// `config` has a rate.
///
/// # Errors
///
/// A sentence where a connection fails or a response is wrong.
pub(crate) async fn generate_load(
    config: &RunConfig,
    server: &Server,
    workload: impl Workload + 'static,
) -> Result<Measurement, String> {
    let workload = Rc::new(workload);
    let connections = connections(config, server).await?;
    let now = Instant::now();
    let begin = now + config.time / 5;
    let window = MeasurementWindow { begin, end: begin + config.time };
    let schedule = Rc::new(ArrivalSchedule::of(config, now, window)?);
    let results = Rc::new(SharedResults {
        latency: RefCell::new(LatencyRecorder::new()?),
        iterations: Cell::new(0),
    });
    let clients = LocalSet::new();
    let running: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(client, connection)| {
            let (workload, schedule, results) =
                (Rc::clone(&workload), Rc::clone(&schedule), Rc::clone(&results));
            clients.spawn_local(async move {
                run_client(connection, client, &*workload, &schedule, &results, window).await
            })
        })
        .collect();
    let measured = clients.run_until(async {
        tokio::time::sleep_until(begin).await;
        let rows_before = server.row_counts()?;
        let before = (server.usage()?, server.engine().await?);
        let syscalls = SyscallCounter::start(server.id());
        let finished = async {
            for client in running {
                client.await.map_err(|error| error.to_string())??;
            }
            Ok::<_, String>(begin.elapsed())
        };
        let (took, memory) = tokio::join!(finished, memory_by_tenth(server, &window));
        let after = server.usage()?;
        let rows = server.row_counts()?.zip(rows_before).map(|(now, before)| now.since(&before));
        let syscalls = syscalls.and_then(SyscallCounter::stop);
        Ok::<_, String>((before, after, took?, memory?, syscalls, rows))
    });
    let ((before, engine_before), after, took, resident_bytes_by_tenth, syscalls, rows) =
        measured.await?;
    drop(clients);
    let caught_up_in = await_consumers(server).await?;
    let engine = match (server.engine().await?, engine_before) {
        (Some(after), Some(before)) => Some(after.since(&before)),
        _ => None,
    };
    let iterations = results.iterations.get();
    Ok(Measurement {
        iterations,
        took,
        latency: results.latency.replace(LatencyRecorder::new()?),
        used: after.since(&before),
        rows,
        syscalls,
        resident_bytes_before: before.resident_bytes,
        resident_bytes_by_tenth,
        engine,
        caught_up_in,
    })
}

/// A connection for each client.
async fn connections(config: &RunConfig, server: &Server) -> Result<Vec<HttpConnection>, String> {
    let mut connections = Vec::new();
    for _ in 0..config.clients {
        connections.push(HttpConnection::connect(&server.shop).await?);
    }
    Ok(connections)
}

/// Results that all clients share.
struct SharedResults {
    latency: RefCell<LatencyRecorder>,
    iterations: Cell<u64>,
}

async fn run_client(
    mut connection: HttpConnection,
    client: usize,
    workload: &impl Workload,
    schedule: &ArrivalSchedule,
    results: &SharedResults,
    window: MeasurementWindow,
) -> Result<(), String> {
    let mut number = 0;
    while let Some(intended) = schedule.next(window).await {
        let timed = workload.run(&mut connection, client, number).await?;
        number += 1;
        let (counts, took) = match schedule {
            ArrivalSchedule::ClosedLoop => (Instant::now() >= window.begin, timed.took),
            // Waiting for a free client is waiting for the server, so latency counts from the intended start.
            // Anything else would be coordinated omission.
            ArrivalSchedule::OpenLoop(_) => (intended >= window.begin, intended.elapsed()),
        };
        if counts {
            let offset = intended.saturating_duration_since(window.begin);
            let run = window.end - window.begin;
            results.latency.borrow_mut().record(timed.kind, took, offset, run)?;
            results.iterations.set(results.iterations.get() + 1);
        }
    }
    Ok(())
}

/// Waits until the consumers of events have caught up.
pub(crate) async fn await_consumers(server: &Server) -> Result<Option<Duration>, String> {
    let started_at = Instant::now();
    let Some(engine) = server.engine().await? else { return Ok(None) };
    let (mut messages, mut last) = (engine.messages, Duration::ZERO);
    while started_at.elapsed() < last + QUIESCENCE && last < CATCH_UP_MAX {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let now = server.engine().await?.map_or(messages, |engine| engine.messages);
        if now != messages {
            (messages, last) = (now, started_at.elapsed());
        }
    }
    Ok(Some(last))
}
