//! Cells: shops that share nothing but the stock, of which each has a lease. Customers belong to a cell each, so that one more
//! cell takes one more share of them.
//!
//! The units of a SKU are in a pool, which leases them to cells in blocks. A cell sells from its lease like any shop from its
//! stock, and asks nobody. When it has too few, the pool leases it another block, or recalls units from a cell that has some.

mod customers;
mod report;
mod stock_leases;

use crate::{
    plan::{self, FaultRates, Plan, Product, Topology},
    rng::SimRng,
    setup,
    simulation::Simulation,
    violation::Violation,
};
use report::CellsRow;
use rustix::time::{ClockId, clock_gettime};
use std::{process::ExitCode, sync::Arc, time::Duration};
use stock_leases::StockLeases;
use tokio::task::JoinSet;

/// Most cells of a run.
pub(crate) const CELLS_MAX: u64 = 64;
/// Customers of each cell.
const CUSTOMERS: usize = 200;
/// Products of the shop.
const PRODUCTS: usize = 20;
/// Units of a SKU for each cell: fewer than its customers want of some.
const UNITS: i64 = 14;
/// Units of a block.
pub(super) const BLOCK_UNITS: i64 = 5;
/// Simulated time in which the customers come.
const CUSTOMERS_COME_FOR: Duration = Duration::from_mins(10);
/// Simulated time until nothing is under way any more.
const QUIET_AFTER: Duration = Duration::from_mins(5);
/// Crashes of each cell, and how long it is down.
const CRASHES: u64 = 2;
const DOWNTIME: Duration = Duration::from_secs(4);

/// What happened to the customers of all cells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcomes {
    pub(super) confirmed: u64,
    /// Nothing was left of what they wanted, in no cell.
    pub(super) sold_out: u64,
    pub(super) declined: u64,
    /// They gave up without an answer.
    pub(super) unanswered: u64,
}

/// Runs 1, 2, 4, … cells up to this many, and prints what an order costs with each.
pub(crate) fn run(seed: u64, cells_max: u64) -> ExitCode {
    println!(
        "seed {seed}: {CUSTOMERS} customers, {PRODUCTS} SKUs with {UNITS} units each, for each cell"
    );
    let cells_max = usize::try_from(cells_max).unwrap_or(1);
    let counts = std::iter::successors(Some(1), |count| Some(count * 2));
    let mut rows: Vec<CellsRow> = Vec::new();
    for cells in counts.take_while(|count| *count <= cells_max) {
        match run_cells(seed, cells) {
            Ok((row, violations)) if violations.is_empty() => {
                report::print_row(&row, rows.first());
                rows.push(row);
            }
            Ok((_, violations)) => {
                for Violation { invariant, what } in violations {
                    println!("violated with {cells} cells: {invariant}: {what}");
                }
                return ExitCode::FAILURE;
            }
            Err(error) => {
                println!("{cells} cells: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs so many cells on one thread in simulated time.
fn run_cells(seed: u64, cells: usize) -> Result<(CellsRow, Vec<Violation>), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(play(seed, cells))
}

async fn play(seed: u64, count: usize) -> Result<(CellsRow, Vec<Violation>), String> {
    let mut cells = Vec::new();
    for index in 0..count {
        let sim = Simulation::new(plan_of_cell(seed, index));
        sim.cluster.start().await?;
        setup::create_products(&sim).await?;
        sim.env.set_fault_rates(FaultRates {
            client_request_loss_permille: 10,
            client_response_loss_permille: 10,
            ..FaultRates::default()
        });
        cells.push(sim);
    }
    let units = UNITS * i64::try_from(count).map_err(|error| error.to_string())?;
    let leases = Arc::new(StockLeases::new(cells.clone(), units, BLOCK_UNITS));
    let begun_at = cpu_time();
    let mut faults = JoinSet::new();
    for (index, cell) in cells.iter().enumerate() {
        faults.spawn(crash_at_times(
            Arc::clone(cell),
            SimRng::stream(seed, &format!("crashes of cell {index}")),
        ));
    }
    let outcomes = customers::serve_all(seed, &leases).await;
    while faults.join_next().await.is_some() {}
    tokio::time::sleep(QUIET_AFTER).await;
    let cpu = cpu_time().saturating_sub(begun_at);
    let mut violations: Vec<Violation> =
        cells.iter().flat_map(|cell| cell.env.violations()).collect();
    violations.extend(leases.check());
    for cell in &cells {
        cell.cluster.shut_down();
    }
    Ok((CellsRow { cells: count, outcomes, moved: leases.moved(), cpu }, violations))
}

/// Plan of one cell: a shop in one process, with the first block of each SKU.
fn plan_of_cell(seed: u64, index: usize) -> Plan {
    let cell_seed = seed.wrapping_add(index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let product = |number: usize| Product { sku: sku(number), cents: 1_000, stock: BLOCK_UNITS };
    Plan {
        products: (0..PRODUCTS).map(product).collect(),
        operations: Vec::new(),
        faults: Vec::new(),
        ..plan::generate(cell_seed, Topology::SingleProcess).fault_free()
    }
}

/// SKU of a product.
fn sku(number: usize) -> String {
    format!("CELL-{number}")
}

/// Lets the processes of a cell crash now and then.
async fn crash_at_times(cell: Arc<Simulation>, mut rng: SimRng) {
    let seconds = CUSTOMERS_COME_FOR.as_secs() / CRASHES;
    for _ in 0..CRASHES {
        tokio::time::sleep(Duration::from_secs(rng.range(1, seconds))).await;
        for process in &cell.cluster.processes {
            process.crash(rng.range(0, 1_000));
            process.restart_after(DOWNTIME);
        }
    }
}

/// CPU time of this thread, on which everything runs.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
