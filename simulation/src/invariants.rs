//! Invariants at the end of a run, after all faults are withdrawn: safety, exactly-once effects, correct read models,
//! and liveness.

mod erasure;
mod exactly_once;
pub(crate) mod ownership;
mod quiescence;
mod read_models;
mod safety;

use crate::{client::without_settings, simulation::Simulation, violation::Violations};
use std::{sync::Arc, time::Duration};

/// Waits for quiescence, checks all invariants, restarts every process, and compares the read models.
pub(crate) async fn check_all(sim: &Arc<Simulation>) {
    if !quiescence::wait(sim).await {
        return;
    }
    let epochs = ownership::epochs(sim);
    let mut violations = Violations::default();
    safety::check(sim, &mut violations);
    sim.env.report_violations(&mut violations);
    exactly_once::check(sim, &mut violations).await;
    sim.env.report_violations(&mut violations);
    erasure::check(sim, &mut violations).await;
    sim.env.report_violations(&mut violations);
    let before = read_models::fetch_and_check(sim, &mut violations).await;
    sim.env.report_violations(&mut violations);
    ownership::check_unchanged(sim, &epochs, &mut violations);
    sim.env.report_violations(&mut violations);
    sim.cluster.restart();
    tokio::time::sleep(Duration::from_secs(1)).await;
    if !quiescence::wait(sim).await {
        return;
    }
    erasure::check_shown(sim, &mut violations).await;
    let after = read_models::fetch_and_check(sim, &mut violations).await;
    for (path, shown) in &before {
        violations.check(
            after.get(path).map(without_settings) == Some(without_settings(shown)),
            "rebuilt read models are unchanged",
            || format!("{path}: {shown} before the restart, {:?} after it", after.get(path)),
        );
    }
    sim.env.report_violations(&mut violations);
}
