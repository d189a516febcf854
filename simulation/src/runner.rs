//! Runner of one plan: set-up, workload and faults, then the invariants.

use crate::{
    actors, coverage::Coverage, fault_injection, invariants, model::Order, plan::Plan, setup,
    simulation::Simulation, violation::Violation,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Result of a run.
#[derive(Debug)]
pub(crate) struct RunResult {
    pub(crate) violations: Vec<Violation>,
    pub(crate) trace: Vec<String>,
    pub(crate) fingerprint: u64,
    pub(crate) simulated: Duration,
    pub(crate) coverage: Coverage,
    /// Final state of each order and SKU, in words that do not depend on the topology.
    pub(crate) final_state: Vec<String>,
}

impl RunResult {
    /// Result of a run that could not be completed.
    pub(crate) fn failed(invariant: &'static str, what: String) -> Self {
        Self {
            violations: vec![Violation { invariant, what }],
            trace: Vec::new(),
            fingerprint: 0,
            simulated: Duration::ZERO,
            coverage: Coverage::default(),
            final_state: Vec::new(),
        }
    }
}

/// How long duplicates of earlier messages can still arrive.
const DUPLICATES_ARRIVE_FOR: Duration = Duration::from_secs(25);

/// Runs a plan on a single-threaded runtime with simulated time.
pub(crate) fn run(plan: Plan) -> Result<RunResult, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let result = runtime.block_on(run_plan(plan));
    // Tasks that still run end with the runtime.
    drop(runtime);
    result
}

async fn run_plan(plan: Plan) -> Result<RunResult, String> {
    let sim = Simulation::new(plan);
    sim.cluster.start().await?;
    let mut watch = JoinSet::new();
    if !sim.cluster.databases.is_empty() {
        watch.spawn(invariants::ownership::watch(Arc::clone(&sim)));
    }
    setup::create_products(&sim).await?;
    fault_injection::enable_fault_rates(&sim);
    let mut operations = JoinSet::new();
    for scheduled in &sim.plan.operations {
        operations.spawn(actors::execute(Arc::clone(&sim), scheduled.clone()));
    }
    let mut faults = JoinSet::new();
    for scheduled in sim.plan.faults.clone() {
        let sim = Arc::clone(&sim);
        faults.spawn(async move {
            tokio::time::sleep(Duration::from_millis(scheduled.at_ms)).await;
            fault_injection::inject(&sim, scheduled.fault);
        });
    }
    while operations.join_next().await.is_some() {}
    while faults.join_next().await.is_some() {}
    fault_injection::heal(&sim);
    sim.env.trace(format_args!("all faults are withdrawn"));
    tokio::time::sleep(DUPLICATES_ARRIVE_FOR).await;
    invariants::check_all(&sim).await;
    watch.shutdown().await;
    let result = result(&sim);
    sim.cluster.shut_down();
    Ok(result)
}

fn result(sim: &Simulation) -> RunResult {
    let model = sim.oracle.model();
    let order = |order: &Order| {
        format!("{} {} {} {}", order.email, order.status.as_str(), order.total, order.refunded())
    };
    let mut final_state: Vec<String> = model.orders.all.values().map(order).collect();
    final_state.sort();
    for (sku, level) in &model.stock.levels {
        final_state.push(format!("{sku} {}", level.on_hand));
    }
    drop(model);
    RunResult {
        violations: sim.env.violations(),
        trace: sim.env.trace_lines(),
        fingerprint: sim.env.fingerprint(),
        simulated: Duration::from_millis(sim.env.now_ms()),
        coverage: sim.env.coverage(),
        final_state,
    }
}
