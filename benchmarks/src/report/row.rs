//! A scenario's figures: the shop's beside those of constant answers, what each unit cost, and what else was seen.

use super::{each, float, megabytes};
use crate::{
    engine::{Bucket, bound_at},
    latency::{PARTS, micros},
    load::Measured,
};
use serde::Serialize;

/// A scenario's figures.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// What is counted.
    pub(crate) unit: &'static str,
    pub(crate) load: Load,
    /// Requests of one unit.
    pub(crate) requests: u32,
    pub(crate) shop: Option<Side>,
    /// The server of constant answers, asked the same.
    pub(crate) constant: Option<Side>,
    /// The shop's rate over that of constant answers; absent for an open load, where the rate is given.
    pub(crate) ratio: Option<f64>,
    pub(crate) cost: Option<Cost>,
    pub(crate) remarks: Vec<Remark>,
}

/// How the load was made.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Load {
    /// So many clients, each asking again as soon as it has its answer.
    Closed { clients: usize },
    /// So many units begun a second, by at most so many clients at once.
    Open { per_second: f64, clients: usize },
    /// As the scenario says.
    Own,
}

/// What one server did.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    /// Percent and microseconds.
    pub(crate) percentiles_us: Vec<[f64; 2]>,
    /// CPU of the server for each unit.
    pub(crate) cpu_us: f64,
    pub(crate) memory_begin_mb: f64,
    pub(crate) memory_end_mb: f64,
}

/// What each unit cost the shop's disk.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    /// Flushes of the services' log, shared by all units under way.
    pub(crate) flushes: Option<f64>,
    /// Writes to the log, each an append with its documents.
    pub(crate) writes: Option<f64>,
    /// Bytes of these writes.
    pub(crate) log_bytes: Option<f64>,
    /// Bytes of writes to the log that lags behind (the audit trail).
    pub(crate) bulk_bytes: Option<f64>,
    /// Bytes that the process gave to the disk: log, tables, and what the database adds.
    pub(crate) disk_bytes: f64,
    /// Writes that share a flush.
    pub(crate) writes_per_flush: Option<f64>,
    pub(crate) flush_p50_us_at_most: Option<f64>,
    pub(crate) flush_p999_us_at_most: Option<f64>,
    pub(crate) checkpoints: Option<u64>,
    /// How long after the last answer the consumers of events still had messages to take in.
    pub(crate) consumers_caught_up_ms: Option<f64>,
    /// The time of a flush while this ran.
    pub(crate) flush: Vec<Bucket>,
}

/// Something else that was seen.
#[derive(Debug, Serialize)]
pub(crate) struct Remark {
    pub(crate) what: String,
    pub(crate) figure: f64,
    pub(crate) unit: &'static str,
}

impl Row {
    /// A scenario without figures yet.
    pub(crate) fn named(name: &str, unit: &'static str, load: Load) -> Self {
        let name = name.to_owned();
        let (shop, constant, ratio, cost) = (None, None, None, None);
        Self { name, unit, load, requests: 1, shop, constant, ratio, cost, remarks: Vec::new() }
    }

    /// So many requests make a unit.
    pub(crate) fn of_requests(self, requests: u32) -> Self {
        Self { requests, ..self }
    }

    /// What the shop did.
    pub(crate) fn shop(self, measured: &Measured) -> Self {
        let cost = Some(Cost::of(measured));
        Self { shop: Some(Side::of(measured)), cost, ..self }
    }

    /// What the server of constant answers did beside it.
    pub(crate) fn beside(self, bare: &Measured) -> Self {
        let constant = Side::of(bare);
        let rate = self.shop.as_ref().map(|shop| shop.per_second / constant.per_second);
        let ratio = rate.filter(|_| !matches!(self.load, Load::Open { .. }));
        Self { ratio, constant: Some(constant), ..self }
    }

    /// Something else that was seen.
    pub(crate) fn with(mut self, what: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        self.remarks.push(Remark { what: what.into(), figure, unit });
        self
    }

    /// Latency by kind of request, where there are several.
    pub(crate) fn with_kinds(self, measured: &Measured) -> Self {
        measured.latency.kinds.iter().fold(self, |row, (kind, latency)| {
            row.with(format!("{kind}: a second"), float(latency.count()) / seconds(measured), "/s")
                .with(format!("{kind}: p50"), latency.quantile_us(0.5), "µs")
                .with(format!("{kind}: p99"), latency.quantile_us(0.99), "µs")
                .with(format!("{kind}: p99.9"), latency.quantile_us(0.999), "µs")
        })
    }

    /// Latency by tenth of the run, and the last tenth's over the first's.
    pub(crate) fn with_tenths(self, measured: &Measured) -> Self {
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

    /// The time of the shop's flushes while this ran, if it is known.
    pub(crate) fn flushes(&self) -> Option<&[Bucket]> {
        let flush = &self.cost.as_ref()?.flush;
        (!flush.is_empty()).then_some(flush)
    }
}

impl Side {
    fn of(measured: &Measured) -> Self {
        let latency = &measured.latency.all;
        Self {
            per_second: float(measured.rounds) / seconds(measured),
            p50_us: latency.quantile_us(0.5),
            p99_us: latency.quantile_us(0.99),
            p999_us: latency.quantile_us(0.999),
            percentiles_us: latency.percentiles_us(),
            cpu_us: measured.used.cpu_us_each(measured.rounds),
            memory_begin_mb: megabytes(measured.resident_bytes_before),
            memory_end_mb: megabytes(measured.used.resident_bytes),
        }
    }
}

impl Cost {
    fn of(measured: &Measured) -> Self {
        let engine = measured.engine.as_ref();
        let per_unit = |count: u64| each(float(count), measured.rounds);
        let at_most = |at| engine.and_then(|engine| bound_at(&engine.flush, at));
        Self {
            flushes: engine.map(|engine| per_unit(engine.flushes)),
            writes: engine.map(|engine| per_unit(engine.writes)),
            log_bytes: engine.map(|engine| per_unit(engine.bytes)),
            bulk_bytes: engine.map(|engine| per_unit(engine.bulk_bytes)),
            disk_bytes: per_unit(measured.used.written_bytes),
            writes_per_flush: engine.map(|engine| each(float(engine.writes), engine.flushes)),
            flush_p50_us_at_most: at_most(0.5),
            flush_p999_us_at_most: at_most(0.999),
            checkpoints: engine.map(|engine| engine.checkpoints),
            consumers_caught_up_ms: measured.caught_up_in.map(|after| micros(after) / 1_000.0),
            flush: engine.map(|engine| super::filled(&engine.flush).to_vec()).unwrap_or_default(),
        }
    }
}

fn seconds(measured: &Measured) -> f64 {
    measured.took.as_secs_f64().max(f64::MIN_POSITIVE)
}
