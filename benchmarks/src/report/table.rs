//! Report as a table for people.

use super::{BATCH, Report, Row, row::LoadModel};
use comfy_table::{CellAlignment, Table, presets};
use std::fmt;

const HEADER: [&str; 15] = [
    "scenario",
    "/s",
    "constant /s",
    "ratio",
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "constant p50 µs",
    "CPU µs",
    "constant CPU µs",
    "flushes",
    "log B",
    "disk B",
    "syscalls",
    "MB",
];

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = [&self.flush_us, &self.flush_after_us].map(|percentiles| {
            [50.0, 99.0, 99.9].map(|percent| at(percentiles, percent)).map(short).join(" / ")
        });
        writeln!(
            out,
            "{} · {} cores · Linux {} · {} · commit {}",
            self.machine, self.cores, self.kernel, self.date, self.commit
        )?;
        writeln!(
            out,
            "a flush takes {before} µs (p50 / p99 / p99.9; after the run {after}) · a bare database takes {:.0} orders/s, {:.0} in batches of {BATCH}",
            self.bare_orders_per_second[0], self.bare_orders_per_second[1],
        )?;
        writeln!(
            out,
            "from start to serving {:.0} ms · idle memory {:.0} MB · {} clients, {} s each{} · every answer after its flush",
            self.start_ms,
            self.idle_memory_mb,
            self.clients,
            self.seconds,
            self.rate.map_or_else(String::new, |rate| format!(
                ", {rate:.0} begun a second, times from the intended beginning"
            )),
        )?;
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(HEADER);
        for row in self.rows.iter().filter(|row| row.shop.is_some()) {
            table.add_row(cells(row));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(out, "{table}")?;
        for row in self.rows.iter().filter(|row| !row.remarks.is_empty()) {
            write!(out, "\n\n{}", row.name)?;
            for remark in &row.remarks {
                let figure = short(remark.figure);
                write!(out, "\n  {:<56} {figure:>10} {}", remark.what, remark.unit)?;
            }
        }
        Ok(())
    }
}

fn cells(row: &Row) -> Vec<String> {
    let shop = |of: fn(&super::row::ServerMeasurements) -> f64| row.shop.as_ref().map(of);
    let constant = |of: fn(&super::row::ServerMeasurements) -> f64| row.constant.as_ref().map(of);
    let cost = |of: fn(&super::row::UnitCost) -> Option<f64>| row.cost.as_ref().and_then(of);
    let name = match row.load {
        LoadModel::Open { per_second, .. } => format!("{} at {per_second:.0}/s", row.name),
        LoadModel::Closed { .. } | LoadModel::Own => row.name.clone(),
    };
    let figures = [
        shop(|side| side.per_second),
        constant(|side| side.per_second),
        row.ratio,
        shop(|side| side.p50_us),
        shop(|side| side.p99_us),
        shop(|side| side.p999_us),
        constant(|side| side.p50_us),
        shop(|side| side.cpu_us),
        constant(|side| side.cpu_us),
        cost(|cost| cost.flushes),
        cost(|cost| cost.log_bytes),
        cost(|cost| cost.disk_bytes),
        cost(|cost| cost.syscalls),
        shop(|side| side.memory_end_mb),
    ];
    let text = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), short);
    std::iter::once(name).chain(figures.map(text)).collect()
}

/// Microseconds at a percentile; NaN if it was not recorded.
fn at(percentiles: &[[f64; 2]], percent: f64) -> f64 {
    let found = percentiles.iter().find(|[at, _]| (at - percent).abs() < 1e-9);
    found.map_or(f64::NAN, |[_, micros]| *micros)
}

/// Figure with about three significant digits.
fn short(figure: f64) -> String {
    match figure.abs() {
        size if !(1e-9..100.0).contains(&size) => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_keeps_its_significant_digits() {
        let figures = [0.0, 0.513, 12.34, 6_543.2].map(short);
        assert_eq!(figures, ["0", "0.51", "12.3", "6543"]);
    }
}
