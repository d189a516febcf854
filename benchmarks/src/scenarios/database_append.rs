//! Append scenario: events appended to a journal on PostgreSQL, beside the bare server, which is given the same bytes in commits of the
//! same size.

use crate::{
    backends::{Backends, BareAppend},
    config::RunConfig,
    latency::{LatencyHistogram, micros},
    numbers::{each, float},
    report::{LoadModel, Row},
};
use bytes::Bytes;
use engine_memory::MemoryEngine;
use engine_postgres::{PostgresEngine, PostgresOptions, WriterStatistics, migrate};
use journal::{Append, Journal, NewEvent, TypedEvent};
use kernel::{Timestamp, Uuid};
use std::{fmt::Display, sync::Arc, time::Duration};
use subject_keys::SubjectKeys;
use tokio::{task::JoinSet, time::Instant};

/// Service whose schema is written to.
const SERVICE: &str = "append-benchmark";
const SCHEMA: &str = "append_benchmark";
/// Bytes of an event: about as many as the shop's have on average.
const EVENT_BYTES: usize = 300;
/// What one of the two reached.
struct AppendRate {
    per_second: f64,
    latency: LatencyHistogram,
}

/// Measures the journal, then the bare server with commits of the size that the journal's had.
pub(super) async fn append(config: RunConfig) -> Result<Row, String> {
    let backends = Arc::clone(&config.program.backends);
    let database = backends.new_database("append")?;
    let url = backends.database_url(&database)?;
    let options = PostgresOptions::new(&url).map_err(text)?;
    migrate(&options, options.user(), &[SERVICE]).await.map_err(text)?;
    let cpu = |backends: &Backends| {
        backends.cpu_times().into_iter().map(|(_, time)| time).sum::<Duration>()
    };

    let before = cpu(&backends);
    let (journal, batches) = append_to_journal(&options, &config).await?;
    let journal_cpu = cpu(&backends).saturating_sub(before);
    let rows = (batches.writes / batches.batches.max(1)).max(1);

    let before = cpu(&backends);
    let bare = BareAppend { schema: SCHEMA, rows, data_bytes: EVENT_BYTES };
    let bare_rate = bare.rows_per_second(&backends, &database, config.time)?;
    let bare_cpu = cpu(&backends).saturating_sub(before);
    let cpu_each = |time: Duration, rate: f64| micros(time) / (rate * config.time.as_secs_f64());
    Ok(Row::named("append to a journal on PostgreSQL", "event", LoadModel::Own)
        .with("journal: events a second", journal.per_second, "/s")
        .with("journal: p50", journal.latency.quantile_us(0.5), "µs")
        .with("journal: p99", journal.latency.quantile_us(0.99), "µs")
        .with("journal: events in a commit", each(float(batches.writes), batches.batches), "")
        .with(
            "journal: a commit, on average",
            each(float(batches.commit_micros_sum), batches.batches),
            "µs",
        )
        .with(
            "journal: CPU of PostgreSQL per event",
            cpu_each(journal_cpu, journal.per_second),
            "µs",
        )
        .with("bare server: rows a second", bare_rate, "/s")
        .with("bare server: rows in a commit", float(rows), "")
        .with("bare server: CPU of PostgreSQL per row", cpu_each(bare_cpu, bare_rate), "µs")
        .with("journal over bare server", journal.per_second / bare_rate, "×"))
}

/// As many tasks as there are clients append an event each, as soon as their last one is committed.
async fn append_to_journal(
    options: &PostgresOptions,
    config: &RunConfig,
) -> Result<(AppendRate, WriterStatistics), String> {
    let memory = MemoryEngine::new();
    let blobs = |name| memory.service(name).blobs;
    // Nothing here is personal.
    let subject_keys = Arc::new(SubjectKeys::for_tests());
    let engine = PostgresEngine::open(options.clone(), &[SERVICE], subject_keys, &blobs).await;
    let engine = engine.map_err(text)?;
    let journal = engine.service(SERVICE).ok_or("the engine has no such service")?.journal;
    let end = Instant::now() + config.time;
    let mut clients = JoinSet::new();
    for client in 0..config.clients {
        clients.spawn(append_until(Arc::clone(&journal), client, end));
    }
    let mut latency = LatencyHistogram::with_digits(3)?;
    while let Some(client) = clients.join_next().await {
        for took in client.map_err(text)?? {
            latency.record(took);
        }
    }
    engine.close().await;
    let (_, statistics) = engine.statistics().pop().ok_or("the engine has no writer")?;
    let per_second = float(latency.count()) / config.time.as_secs_f64();
    Ok((AppendRate { per_second, latency }, statistics))
}

async fn append_until(
    journal: Arc<dyn Journal>,
    client: usize,
    end: Instant,
) -> Result<Vec<Duration>, String> {
    let data = Bytes::from(vec![0x2a; EVENT_BYTES]);
    let mut taken = Vec::new();
    let mut number = 0_u64;
    while Instant::now() < end {
        number += 1;
        let id = Uuid::from_u64_pair(client as u64 + 1, number);
        let event = NewEvent {
            id,
            name: "appended",
            data: data.clone(),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::default(),
            personal: None,
        };
        let append = Append {
            stream: format!("subject-{id}"),
            expected: 0,
            events: vec![event],
            writes: Vec::new(),
            origin: None,
            sequence: None,
        };
        let begun = Instant::now();
        let appended = journal.append(append).await.map_err(text)?;
        appended.commit.wait().await.map_err(text)?;
        taken.push(begun.elapsed());
    }
    Ok(taken)
}

fn text(error: impl Display) -> String {
    error.to_string()
}
