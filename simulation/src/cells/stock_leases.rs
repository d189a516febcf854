//! Stock leases: the pool of each SKU, from which cells have blocks of units.
//!
//! A cell's part is stock of its own, received and taken out by movements of its operator edge. What is taken out of one cell is
//! in the pool before another one has it, so that a crash or a lost answer at any moment leaves units unused, and none twice.

use crate::{
    client::{ApiRequest, ApiResponse},
    model::HoldStatus,
    simulation::Simulation,
    violation::Violation,
};
use http::Method;
use parking_lot::Mutex;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

/// How often a movement is repeated until it is known to have happened or not.
const MOVEMENT_RETRIES: u32 = 200;

/// How long a SKU counts as sold out once no cell had units to spare: who asks meanwhile is told so without another look at all of them.
const SOLD_OUT_FOR: Duration = Duration::from_mins(1);

/// Units of a SKU that no cell has.
#[derive(Debug)]
struct Pool {
    units: i64,
    sold_out_until: Option<Instant>,
}

/// Leases of all SKUs.
#[derive(Debug)]
pub(super) struct StockLeases {
    cells: Vec<Arc<Simulation>>,
    /// Units of each SKU, in all cells and the pool together.
    units: i64,
    block: i64,
    /// Pool of each SKU, locked while units move.
    pools: Mutex<BTreeMap<String, Arc<AsyncMutex<Pool>>>>,
    /// Number of the next movement.
    movements: AtomicU64,
}

impl StockLeases {
    /// Leases of these cells, each of which has one block of each SKU already.
    pub(super) fn new(cells: Vec<Arc<Simulation>>, units: i64, block: i64) -> Self {
        Self { cells, units, block, pools: Mutex::default(), movements: AtomicU64::new(0) }
    }

    /// The cells.
    pub(super) fn cells(&self) -> &[Arc<Simulation>] {
        &self.cells
    }

    /// Movements of units so far.
    pub(super) fn moved(&self) -> u64 {
        self.movements.load(Ordering::Relaxed)
    }

    /// Pool of a SKU: at first whatever the cells' first blocks leave.
    fn pool(&self, sku: &str) -> Arc<AsyncMutex<Pool>> {
        let leased = self.block * i64::try_from(self.cells.len()).unwrap_or(i64::MAX);
        let mut pools = self.pools.lock();
        let pool = pools.entry(sku.to_owned());
        let new = || Pool { units: self.units - leased, sold_out_until: None };
        Arc::clone(pool.or_insert_with(|| Arc::new(AsyncMutex::new(new()))))
    }

    /// Sees to it that a cell has at least so many units available. False if there are not so many in all cells and the pool.
    pub(super) async fn extend(&self, cell: usize, sku: &str, wanted: i64) -> bool {
        let pool = self.pool(sku);
        let mut pool = pool.lock().await;
        let available = self.available(cell, sku).await;
        let missing = wanted - available;
        if missing <= 0 {
            return true;
        }
        if pool.sold_out_until.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        for offset in 1..self.cells.len() {
            if pool.units >= missing {
                break;
            }
            let other = (cell + offset) % self.cells.len();
            let spare = self.available(other, sku).await;
            // Half of it: that cell goes on selling.
            let recalled = (spare - spare / 2).max(missing.min(spare));
            if recalled > 0 && self.move_units(other, sku, -recalled).await {
                pool.units += recalled;
            }
        }
        if pool.units < missing {
            pool.sold_out_until = Some(Instant::now() + SOLD_OUT_FOR);
            return false;
        }
        let granted = self.block.max(missing).min(pool.units);
        pool.units -= granted;
        self.move_units(cell, sku, granted).await
    }

    /// Units that a cell has and nobody holds.
    async fn available(&self, cell: usize, sku: &str) -> i64 {
        let request = ApiRequest::operator(Method::GET, format!("/api/v1/stock/{sku}"));
        let response = self.cells[cell].client.send(request.retries_max(MOVEMENT_RETRIES)).await;
        response.success().and_then(|level| level["available"].as_i64()).unwrap_or(0)
    }

    /// Moves units into a cell, or out of it; false if they are not there any more.
    async fn move_units(&self, cell: usize, sku: &str, units: i64) -> bool {
        let number = self.movements.fetch_add(1, Ordering::Relaxed);
        let kind = if units > 0 { "received" } else { "adjusted" };
        let body = json!({ "kind": kind, "quantity": units, "reason": format!("lease {number}") });
        let request = ApiRequest::operator(Method::POST, format!("/api/v1/stock/{sku}/movements"));
        let request = request.key(&format!("lease-{number}")).body(body);
        let client = &self.cells[cell].client;
        match client.send(request.retries_max(MOVEMENT_RETRIES)).await {
            response if response.success().is_some() => true,
            ApiResponse::Received { .. } => false,
            ApiResponse::Indeterminate => {
                let what = format!("movement {number} of {units} {sku} has no outcome");
                self.cells[cell].env.report_violation("movements of leases have an outcome", what);
                false
            }
        }
    }

    /// Violations of the stock as a whole: no unit is lost, and none is there or sold twice.
    pub(super) fn check(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (sku, pool) in &*self.pools.lock() {
            let Ok(mut units) = pool.try_lock().map(|pool| pool.units) else {
                violations.push(violation(format!("units of {sku} still move")));
                continue;
            };
            for cell in &self.cells {
                let model = cell.oracle.model();
                units += model.stock.levels.get(sku).map_or(0, |level| level.on_hand);
                let sold =
                    model.stock.holds.values().filter(|it| it.status == HoldStatus::Committed);
                let sold = sold.flat_map(|hold| &hold.units).filter(|(of, _)| of == sku);
                units += sold.map(|(_, units)| units).sum::<i64>();
            }
            if units != self.units {
                violations.push(violation(format!("{units} of {} units of {sku}", self.units)));
            }
        }
        violations
    }
}

fn violation(what: String) -> Violation {
    Violation { invariant: "all cells and the pool together have each unit once", what }
}

#[cfg(test)]
mod tests {
    use crate::cells::run_cells;

    #[test]
    fn cells_sell_each_unit_once_and_find_the_last_one_wherever_it_is() {
        let (row, violations) = run_cells(1, 2).unwrap();
        assert!(violations.is_empty(), "{violations:?}");
        let outcomes = row.outcomes;
        assert!(outcomes.confirmed > 100 && outcomes.sold_out > 10, "{outcomes:?}");
        assert!(outcomes.declined > 0 && outcomes.unanswered == 0, "{outcomes:?}");
        assert!(row.moved > 20, "{}", row.moved);
    }
}
