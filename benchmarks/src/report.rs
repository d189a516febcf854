//! Report of a run, as a table for people and as JSON for later comparison.

mod row;
mod table;

pub(crate) use row::{LoadModel, Row, ServerMeasurements};

use crate::{
    config::RunConfig,
    disk,
    engine_metrics::HistogramBucket,
    latency::{LatencyHistogram, micros},
    numbers::megabytes,
    plots::{self, Curve, Series},
    process::Server,
};
use kernel::{Clock, SystemClock};
use serde::Serialize;
use std::{path::Path, time::Duration};

/// Orders per transaction in the batched run of the bare database.
const BATCH: usize = 16;

/// Report of a run: the machine, its baselines and the scenarios.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    commit: String,
    date: String,
    machine: String,
    kernel: String,
    cores: usize,
    clients: usize,
    /// Arrival rate of an open load in units per second; absent for a closed one.
    rate: Option<f64>,
    seconds: u64,
    /// Latency of a flush of 4 KiB before the scenarios: percent and microseconds.
    flush_us: Vec<[f64; 2]>,
    /// Latency of a flush after the scenarios, as disks vary over time.
    flush_after_us: Vec<[f64; 2]>,
    /// Orders per second on a bare database: one per transaction, and [`BATCH`].
    bare_orders_per_second: [f64; 2],
    /// Time from the start of the process to serving, on a new data folder.
    start_ms: f64,
    idle_memory_mb: f64,
    rows: Vec<Row>,
    curves: Vec<Curve>,
}

/// Result of a scenario.
#[derive(Debug, Default)]
pub(crate) struct ScenarioResult {
    pub(crate) rows: Vec<Row>,
    pub(crate) curves: Vec<Curve>,
}

impl From<Row> for ScenarioResult {
    fn from(row: Row) -> Self {
        vec![row].into()
    }
}

impl From<Vec<Row>> for ScenarioResult {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, curves: Vec::new() }
    }
}

impl Report {
    /// Starts a report by measuring the baselines of the machine.
    pub(crate) fn start(config: &RunConfig, commit: &str) -> Result<Self, String> {
        let second = Duration::from_secs(1);
        let flush = disk::flush_time()?;
        let shop = Server::shop(&config.program)?;
        Ok(Self {
            commit: commit.to_owned(),
            date: SystemClock.now().strftime("%Y-%m-%dT%H:%MZ").to_string(),
            machine: machine(),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| std::env::consts::OS.to_owned(), |text| text.trim().to_owned()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            clients: config.clients,
            rate: config.rate,
            seconds: config.time.as_secs(),
            flush_us: flush.percentiles_us(),
            flush_after_us: Vec::new(),
            bare_orders_per_second: [
                disk::bare_orders(1, second)?,
                disk::bare_orders(BATCH, second)?,
            ],
            start_ms: micros(shop.started_in) / 1_000.0,
            idle_memory_mb: megabytes(shop.usage()?.resident_bytes),
            rows: Vec::new(),
            curves: vec![flush_curve(&flush)],
        })
    }

    /// Adds the result of a scenario.
    pub(crate) fn add(&mut self, result: ScenarioResult) {
        self.rows.extend(result.rows);
        self.curves.extend(result.curves);
    }

    /// Finishes the report by measuring the disk once more.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        self.flush_after_us = disk::flush_time()?.percentiles_us();
        Ok(())
    }

    /// Writes the results as JSON, and the charts beside them.
    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        std::fs::write(file, json + "\n").map_err(|error| failed(file, error))?;
        let source = format!("{} · {} · commit {}", self.machine, self.date, self.commit);
        let flushes = self.rows.iter().find_map(Row::flushes);
        let pictures = self
            .curves
            .iter()
            .map(|curve| (curve.name, plots::curve(curve, &source)))
            .chain(flushes.map(|buckets| ("flushes", plots::flushes(buckets, &source))));
        for (name, picture) in pictures {
            let path = folder.join(name).with_extension("svg");
            std::fs::write(&path, picture).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// Curve of the percentiles of a flush of the bare disk.
fn flush_curve(flush: &LatencyHistogram) -> Curve {
    let points = (1..100).map(|percent| {
        let percent = f64::from(percent);
        [percent, flush.quantile_us(percent / 100.0)]
    });
    Curve {
        name: "bare-flush",
        title: "One flush of 4 KiB on this disk, without the shop".to_owned(),
        across: "percent of flushes that take at most",
        up: "µs",
        lines: vec![Series { name: "flush".to_owned(), points: points.collect() }],
    }
}

/// Buckets without the empty ones at either end.
pub(crate) fn trim_empty(buckets: &[HistogramBucket]) -> &[HistogramBucket] {
    let is_filled = |bucket: &HistogramBucket| bucket.count > 0;
    let Some(first) = buckets.iter().position(is_filled) else { return &[] };
    let last = buckets.iter().rposition(is_filled).unwrap_or(first);
    &buckets[first..=last]
}

/// Name of the processor, as the kernel reports it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_buckets_at_the_ends_are_trimmed() {
        let buckets = |counts: &[u64]| -> Vec<HistogramBucket> {
            counts.iter().map(|&count| HistogramBucket { up_to_us: 1.0, count }).collect()
        };
        assert_eq!(trim_empty(&buckets(&[0, 0, 3, 0, 1, 0])), &buckets(&[3, 0, 1])[..]);
        assert!(trim_empty(&buckets(&[0, 0])).is_empty());
    }
}
