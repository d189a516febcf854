//! Figures as a table for people and as JSON for the next run.

mod row;
mod table;

pub(crate) use row::{Load, Row, Side};

use crate::{
    Setup, disk,
    engine::Bucket,
    latency::{Latency, micros},
    plots,
    process::Server,
};
use kernel::{Clock, SystemClock};
use serde::Serialize;
use std::{path::Path, time::Duration};

/// Orders that share a transaction on the bare database.
const BATCH: usize = 16;

/// A run: the machine, what it can do by itself, and the scenarios.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    commit: String,
    date: String,
    machine: String,
    kernel: String,
    cores: usize,
    clients: usize,
    /// Units a second that were begun; absent when each client asked again as soon as it had its answer.
    rate: Option<f64>,
    seconds: u64,
    /// Of one flush of 4 KiB: percent and microseconds.
    flush_us: Vec<[f64; 2]>,
    /// The same when all scenarios were done: a disk has moods.
    flush_after_us: Vec<[f64; 2]>,
    /// Orders a second of 12 rows on a bare database: one a transaction, and [`BATCH`].
    bare_orders_per_second: [f64; 2],
    /// From starting the process to serving, on a new data folder.
    start_ms: f64,
    idle_memory_mb: f64,
    rows: Vec<Row>,
    curves: Vec<Curve>,
}

/// What a scenario found out.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) rows: Vec<Row>,
    pub(crate) curves: Vec<Curve>,
}

/// How one figure depends on another.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Curve {
    /// The name of its file.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) lines: Vec<CurveLine>,
}

/// One line of a curve.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CurveLine {
    pub(crate) name: String,
    pub(crate) points: Vec<[f64; 2]>,
}

impl From<Row> for Findings {
    fn from(row: Row) -> Self {
        vec![row].into()
    }
}

impl From<Vec<Row>> for Findings {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, curves: Vec::new() }
    }
}

impl Report {
    /// Measures what the machine can do by itself.
    pub(crate) fn begin(setup: &Setup, commit: &str) -> Result<Self, String> {
        let second = Duration::from_secs(1);
        let flush = disk::flush_time()?;
        let shop = Server::shop(&setup.binary)?;
        Ok(Self {
            commit: commit.to_owned(),
            date: SystemClock.now().strftime("%Y-%m-%dT%H:%MZ").to_string(),
            machine: machine(),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| std::env::consts::OS.to_owned(), |text| text.trim().to_owned()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            clients: setup.clients,
            rate: setup.rate,
            seconds: setup.time.as_secs(),
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

    /// Takes a scenario's findings in.
    pub(crate) fn add(&mut self, findings: Findings) {
        self.rows.extend(findings.rows);
        self.curves.extend(findings.curves);
    }

    /// All scenarios are done: looks at the disk once more.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        self.flush_after_us = disk::flush_time()?.percentiles_us();
        Ok(())
    }

    /// Writes the run down, and its pictures beside it.
    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        std::fs::write(file, json + "\n").map_err(|error| failed(file, error))?;
        let source = format!("{} · {} · commit {}", self.machine, self.date, self.commit);
        let spread = self.rows.iter().find_map(Row::flushes);
        let pictures = self
            .curves
            .iter()
            .map(|curve| (curve.name, plots::curve(curve, &source)))
            .chain(spread.map(|buckets| ("flushes", plots::flushes(buckets, &source))));
        for (name, picture) in pictures {
            let path = folder.join(name).with_extension("svg");
            std::fs::write(&path, picture).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// How long one flush of the bare disk takes, by how many of a hundred do not take longer.
fn flush_curve(flush: &Latency) -> Curve {
    let points = (1..100).map(|percent| {
        let percent = f64::from(percent);
        [percent, flush.quantile_us(percent / 100.0)]
    });
    Curve {
        name: "bare-flush",
        title: "One flush of 4 KiB on this disk, without the shop".to_owned(),
        across: "percent of flushes that take at most",
        up: "µs",
        lines: vec![CurveLine { name: "flush".to_owned(), points: points.collect() }],
    }
}

/// Buckets without the empty ones at either end.
pub(crate) fn filled(buckets: &[Bucket]) -> &[Bucket] {
    let is_filled = |bucket: &Bucket| bucket.count > 0;
    let Some(first) = buckets.iter().position(is_filled) else { return &[] };
    let last = buckets.iter().rposition(is_filled).unwrap_or(first);
    &buckets[first..=last]
}

/// So much for each.
pub(crate) fn each(sum: f64, count: u64) -> f64 {
    sum / float(count.max(1))
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    float(bytes) / f64::from(1 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// The processor's name, as the kernel knows it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_buckets_at_the_ends_are_left_out() {
        let buckets = |counts: &[u64]| -> Vec<Bucket> {
            counts.iter().map(|&count| Bucket { up_to_us: 1.0, count }).collect()
        };
        assert_eq!(filled(&buckets(&[0, 0, 3, 0, 1, 0])), &buckets(&[3, 0, 1])[..]);
        assert!(filled(&buckets(&[0, 0])).is_empty());
    }

    #[test]
    fn nothing_for_each_of_none_is_nothing() {
        assert_eq!((each(0.0, 0), each(10.0, 4)), (0.0, 2.5));
    }
}
