//! Table of a run with more and more cells.

use super::Outcomes;
use std::time::Duration;

/// Result of a run with so many cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellsRow {
    pub(super) cells: usize,
    pub(super) outcomes: Outcomes,
    /// Movements of units between the pool and the cells.
    pub(super) moved: u64,
    /// CPU time of everything: shops, customers, pool, and the oracle that checks them.
    pub(super) cpu: Duration,
}

impl CellsRow {
    /// CPU time for each confirmed order, in microseconds.
    fn cpu_us(&self) -> f64 {
        let orders = u32::try_from(self.outcomes.confirmed.max(1)).unwrap_or(u32::MAX);
        self.cpu.as_secs_f64() * 1e6 / f64::from(orders)
    }
}

/// Prints a row, beside the one with a single cell.
pub(super) fn print_row(row: &CellsRow, single: Option<&CellsRow>) {
    if single.is_none() {
        println!(
            "{:>5} {:>8} {:>8} {:>8} {:>10} {:>6} {:>14} {:>10}",
            "cells",
            "orders",
            "sold out",
            "declined",
            "unanswered",
            "moved",
            "CPU µs/order",
            "to 1 cell"
        );
    }
    let Outcomes { confirmed, sold_out, declined, unanswered } = row.outcomes;
    println!(
        "{:>5} {confirmed:>8} {sold_out:>8} {declined:>8} {unanswered:>10} {:>6} {:>14.0} {:>10.2}",
        row.cells,
        row.moved,
        row.cpu_us(),
        row.cpu_us() / single.unwrap_or(row).cpu_us(),
    );
}
