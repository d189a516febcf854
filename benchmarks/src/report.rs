//! Figures as a table for people and as JSON for the next run.

use crate::{Setup, disk, load::Measured, process::Server};
use comfy_table::{Table, presets};
use hdrhistogram::Histogram;
use kernel::{Clock, SystemClock};
use serde::Serialize;
use std::{fmt, path::Path, time::Duration};

/// Orders that share a transaction on the bare database.
const BATCH: usize = 16;

/// A run: the machine, what it can do by itself, and the scenarios.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    commit: String,
    date: String,
    machine: String,
    cores: usize,
    clients: usize,
    seconds: u64,
    /// Of one flush of 4 KiB: median and 99th percentile.
    flush_us: [f64; 2],
    /// Orders a second of 12 rows on a bare database: one a transaction, and [`BATCH`].
    bare_orders_per_second: [f64; 2],
    /// From starting the process to serving, on a new data folder.
    start_ms: f64,
    idle_memory_mb: f64,
    rows: Vec<Row>,
}

/// A scenario beside constant answers.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    /// Requests of one unit.
    requests: u32,
    unit: &'static str,
    per_second: f64,
    constant_per_second: f64,
    /// The shop's rate over that of constant answers to the same requests.
    ratio: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    constant_p50_us: f64,
    /// CPU of the server for each, in microseconds.
    cpu_us: f64,
    constant_cpu_us: f64,
    written_bytes: f64,
    memory_mb: f64,
}

impl Report {
    /// Measures what the machine can do by itself.
    pub(crate) fn begin(setup: &Setup, commit: &str) -> Result<Self, String> {
        let second = Duration::from_secs(1);
        let [median, slow] = disk::flush_time()?;
        let shop = Server::shop(&setup.binary)?;
        Ok(Self {
            commit: commit.to_owned(),
            date: date(),
            machine: machine(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            clients: setup.clients,
            seconds: setup.time.as_secs(),
            flush_us: [micros(median), micros(slow)],
            bare_orders_per_second: [
                disk::bare_orders(1, second)?,
                disk::bare_orders(BATCH, second)?,
            ],
            start_ms: micros(shop.started_in) / 1_000.0,
            idle_memory_mb: megabytes(shop.usage()?.resident_bytes),
            rows: Vec::new(),
        })
    }

    /// Takes a scenario in.
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Writes the run down.
    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        std::fs::write(file, json + "\n").map_err(|error| format!("{}: {error}", file.display()))
    }
}

impl Row {
    /// A scenario of `requests` requests for each unit, beside the same requests answered constantly.
    pub(crate) fn compared(
        name: &str,
        unit: &'static str,
        requests: u32,
        shop: &Measured,
        bare: &Measured,
    ) -> Self {
        let (per_second, constant_per_second) = (rate(shop), rate(bare));
        Self {
            name: name.to_owned(),
            requests,
            unit,
            per_second,
            constant_per_second,
            ratio: per_second / constant_per_second,
            p50_us: quantile(&shop.latency, 0.5),
            p99_us: quantile(&shop.latency, 0.99),
            p999_us: quantile(&shop.latency, 0.999),
            constant_p50_us: quantile(&bare.latency, 0.5),
            cpu_us: each(micros(shop.used.cpu), shop.rounds),
            constant_cpu_us: each(micros(bare.used.cpu), bare.rounds),
            written_bytes: each(float(shop.used.written_bytes), shop.rounds),
            memory_mb: megabytes(shop.used.resident_bytes),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} · {} cores · {} · commit {}",
            self.machine, self.cores, self.date, self.commit
        )?;
        writeln!(
            out,
            "a flush takes {:.0} µs (p99 {:.0} µs) · a bare database takes {:.0} orders/s, {:.0} in batches of {BATCH}",
            self.flush_us[0],
            self.flush_us[1],
            self.bare_orders_per_second[0],
            self.bare_orders_per_second[1],
        )?;
        writeln!(
            out,
            "from start to serving {:.0} ms · idle memory {:.0} MB · {} clients, {} s each · every answer after its flush",
            self.start_ms, self.idle_memory_mb, self.clients, self.seconds,
        )?;
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header([
            "scenario",
            "/s",
            "constant /s",
            "ratio",
            "p50 µs",
            "p99 µs",
            "p99.9 µs",
            "CPU µs",
            "constant CPU µs",
            "bytes",
            "MB",
        ]);
        for row in &self.rows {
            let figures = [
                format!("{:.0}", row.per_second),
                format!("{:.0}", row.constant_per_second),
                format!("{:.2}", row.ratio),
                format!("{:.0}", row.p50_us),
                format!("{:.0}", row.p99_us),
                format!("{:.0}", row.p999_us),
                format!("{:.0}", row.cpu_us),
                format!("{:.0}", row.constant_cpu_us),
                format!("{:.0}", row.written_bytes),
                format!("{:.0}", row.memory_mb),
            ];
            table.add_row(std::iter::once(row.name.clone()).chain(figures));
        }
        write!(out, "{table}")
    }
}

fn rate(measured: &Measured) -> f64 {
    float(measured.rounds) / measured.took.as_secs_f64()
}

fn each(sum: f64, count: u64) -> f64 {
    sum / float(count.max(1))
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn quantile(latency: &Histogram<u64>, at: f64) -> f64 {
    float(latency.value_at_quantile(at)) / 1e3
}

fn megabytes(bytes: u64) -> f64 {
    float(bytes) / f64::from(1 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn float(number: u64) -> f64 {
    number as f64
}

/// The processor's name, as the kernel knows it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

fn date() -> String {
    SystemClock.now().strftime("%Y-%m-%d").to_string()
}
