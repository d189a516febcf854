//! Row of the report: the figures of the shop beside those of the baseline, the cost of each unit, further observations.

use crate::{
    engine_metrics::{HistogramBucket, quantile_bound_us},
    latency::{PARTS, micros},
    load_generator::Measurement,
    numbers::{each, float, megabytes},
};
use serde::Serialize;

/// Row of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Name of the unit that is counted.
    pub(crate) unit: &'static str,
    pub(crate) load: LoadModel,
    /// Requests per unit.
    pub(crate) requests: u32,
    pub(crate) shop: Option<ServerMeasurements>,
    /// The baseline server with constant answers, under the same load.
    pub(crate) constant: Option<ServerMeasurements>,
    /// Rate of the shop over that of the baseline; absent for an open load, whose rate is given.
    pub(crate) ratio: Option<f64>,
    pub(crate) cost: Option<UnitCost>,
    pub(crate) remarks: Vec<Observation>,
}

/// Load model.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoadModel {
    /// Closed load: each client sends its next request as soon as it has a response.
    Closed { clients: usize },
    /// Open load: units start at a fixed rate, on at most this many clients at once.
    Open { per_second: f64, clients: usize },
    /// Load of the scenario's own.
    Own,
}

/// Figures of one server.
#[derive(Debug, Serialize)]
pub(crate) struct ServerMeasurements {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    /// Percent and microseconds.
    pub(crate) percentiles_us: Vec<[f64; 2]>,
    /// CPU time of the server per unit.
    pub(crate) cpu_us: f64,
    pub(crate) memory_begin_mb: f64,
    pub(crate) memory_end_mb: f64,
}

/// Cost of a unit on the shop's disk.
#[derive(Debug, Serialize)]
pub(crate) struct UnitCost {
    /// Flushes of the services' log; concurrent units share them.
    pub(crate) flushes: Option<f64>,
    /// Writes to the log, each an append with its documents.
    pub(crate) writes: Option<f64>,
    /// Bytes of these writes.
    pub(crate) log_bytes: Option<f64>,
    /// Bytes of writes to the log that lags behind (the audit trail).
    pub(crate) bulk_bytes: Option<f64>,
    /// Bytes that were written to the disk, by whoever wrote: log, documents, whole pages, the file system's own journal.
    pub(crate) disk_bytes: Option<f64>,
    /// System calls of the process.
    pub(crate) syscalls: Option<f64>,
    /// Writes that share a flush.
    pub(crate) writes_per_flush: Option<f64>,
    pub(crate) flush_p50_us_at_most: Option<f64>,
    pub(crate) flush_p999_us_at_most: Option<f64>,
    /// Time from the last response until the consumers of events had caught up.
    pub(crate) consumers_caught_up_ms: Option<f64>,
    /// Latency histogram of the flushes during the run.
    pub(crate) flush: Vec<HistogramBucket>,
}

/// Further observation.
#[derive(Debug, Serialize)]
pub(crate) struct Observation {
    pub(crate) what: String,
    pub(crate) figure: f64,
    pub(crate) unit: &'static str,
}

impl Row {
    /// A row without figures.
    pub(crate) fn named(name: &str, unit: &'static str, load: LoadModel) -> Self {
        let name = name.to_owned();
        let (shop, constant, ratio, cost) = (None, None, None, None);
        Self { name, unit, load, requests: 1, shop, constant, ratio, cost, remarks: Vec::new() }
    }

    /// Sets the number of requests per unit.
    pub(crate) fn of_requests(self, requests: u32) -> Self {
        Self { requests, ..self }
    }

    /// Adds the figures of the shop.
    pub(crate) fn with_shop(self, measured: &Measurement) -> Self {
        let cost = Some(UnitCost::of(measured));
        let row = Self { shop: Some(ServerMeasurements::of(measured)), cost, ..self };
        let used = measured.used.services_cpu.iter().chain(&measured.used.backends_cpu);
        used.fold(row, |row, (name, cpu)| {
            let each = micros(*cpu) / float(measured.iterations.max(1));
            let what = format!("CPU of {name} per {}", row.unit);
            row.with(what, each, "µs")
        })
    }

    /// Adds the figures of the baseline, and the ratio.
    pub(crate) fn with_baseline(self, baseline: &Measurement) -> Self {
        let constant = ServerMeasurements::of(baseline);
        let rate = self.shop.as_ref().map(|shop| shop.per_second / constant.per_second);
        let ratio = rate.filter(|_| !matches!(self.load, LoadModel::Open { .. }));
        Self { ratio, constant: Some(constant), ..self }
    }

    /// Adds an observation.
    pub(crate) fn with(mut self, what: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        self.remarks.push(Observation { what: what.into(), figure, unit });
        self
    }

    /// Adds the latencies by kind of request.
    pub(crate) fn with_kinds(self, measured: &Measurement) -> Self {
        measured.latency.kinds.iter().fold(self, |row, (kind, latency)| {
            row.with(format!("{kind}: a second"), float(latency.count()) / seconds(measured), "/s")
                .with(format!("{kind}: p50"), latency.quantile_us(0.5), "µs")
                .with(format!("{kind}: p99"), latency.quantile_us(0.99), "µs")
                .with(format!("{kind}: p99.9"), latency.quantile_us(0.999), "µs")
        })
    }

    /// Adds the latencies by tenth of the run, and the ratio of the last to the first.
    pub(crate) fn with_tenths(self, measured: &Measurement) -> Self {
        let parts = &measured.latency.parts;
        let row = parts.iter().enumerate().fold(self, |row, (part, latency)| {
            let of = format!("tenth {} of the run", part + 1);
            row.with(format!("{of}: p50"), latency.quantile_us(0.5), "µs").with(
                format!("{of}: p99"),
                latency.quantile_us(0.99),
                "µs",
            )
        });
        let ratio = |at| parts[PARTS - 1].quantile_us(at) / parts[0].quantile_us(at).max(1.0);
        row.with("last tenth over the first: p50", ratio(0.5), "×").with(
            "last tenth over the first: p99",
            ratio(0.99),
            "×",
        )
    }

    /// Latency histogram of the shop's flushes, if there is one.
    pub(crate) fn flushes(&self) -> Option<&[HistogramBucket]> {
        let flush = &self.cost.as_ref()?.flush;
        (!flush.is_empty()).then_some(flush)
    }
}

impl ServerMeasurements {
    fn of(measured: &Measurement) -> Self {
        let latency = &measured.latency.all;
        Self {
            per_second: float(measured.iterations) / seconds(measured),
            p50_us: latency.quantile_us(0.5),
            p99_us: latency.quantile_us(0.99),
            p999_us: latency.quantile_us(0.999),
            percentiles_us: latency.percentiles_us(),
            cpu_us: measured.used.cpu_us_each(measured.iterations),
            memory_begin_mb: megabytes(measured.resident_bytes_before),
            memory_end_mb: megabytes(measured.used.resident_bytes),
        }
    }
}

impl UnitCost {
    fn of(measured: &Measurement) -> Self {
        let engine = measured.engine.as_ref();
        let per_unit = |count: u64| each(float(count), measured.iterations);
        let at_most = |at| engine.and_then(|engine| quantile_bound_us(&engine.flush, at));
        Self {
            flushes: engine.map(|engine| per_unit(engine.flushes)),
            writes: engine.map(|engine| per_unit(engine.writes)),
            log_bytes: engine.map(|engine| per_unit(engine.bytes)),
            bulk_bytes: engine.map(|engine| per_unit(engine.bulk_bytes)),
            disk_bytes: measured.used.written_bytes.map(per_unit),
            syscalls: measured.syscalls.map(per_unit),
            writes_per_flush: engine.map(|engine| each(float(engine.writes), engine.flushes)),
            flush_p50_us_at_most: at_most(0.5),
            flush_p999_us_at_most: at_most(0.999),
            consumers_caught_up_ms: measured.caught_up_in.map(|after| micros(after) / 1_000.0),
            flush: engine
                .map(|engine| super::trim_empty(&engine.flush).to_vec())
                .unwrap_or_default(),
        }
    }
}

fn seconds(measured: &Measurement) -> f64 {
    measured.took.as_secs_f64().max(f64::MIN_POSITIVE)
}
