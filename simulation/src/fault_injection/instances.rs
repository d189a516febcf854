//! Faults of processes that share databases: they hit owners and those that stand by.

use super::partition;
use crate::{
    cluster::{Instance, SimulatedDatabase},
    plan::{Cut, CutScope, Fault},
    simulation::Simulation,
};
use std::{sync::Arc, time::Duration};

/// Of so many numbers of processes, all but the last one name the owner of a database, and that one another process.
const ROLES: usize = 3;

/// Injects a fault now.
pub(super) fn inject(sim: &Simulation, fault: Fault) {
    let (env, cluster) = (&sim.env, &sim.cluster);
    let now = env.now_ms();
    match fault {
        Fault::Crash { process, downtime_ms, .. }
        | Fault::FlushFailure { process, downtime_ms, .. } => {
            let process = named(sim, process);
            if process.is_up() {
                env.cover(if process.serves() {
                    "fault: owner crashed"
                } else {
                    "fault: standby crashed"
                });
                process.crash();
                process.restart_after(Duration::from_millis(downtime_ms));
            }
        }
        Fault::Pause { process, duration_ms } => {
            named(sim, process).pause(Duration::from_millis(duration_ms));
        }
        Fault::CutOff { process, cut, duration_ms } => {
            let process = named(sim, process);
            env.cover(match cut.scope {
                CutScope::All => "fault: cut off from the database",
                CutScope::Lease => "fault: lease cut off",
                CutScope::Data => "fault: data cut off",
            });
            let Cut { scope, is_reset } = cut;
            env.trace(format_args!(
                "{} is cut off for {duration_ms} ms: {scope:?}, reset: {is_reset}",
                process.name()
            ));
            process.database.cut(process.index, cut, now + duration_ms);
        }
        Fault::ClockJump { millis } => {
            env.cover("fault: clock jump");
            env.trace(format_args!("all clocks jump by {millis} ms"));
            for process in &cluster.instances {
                process.jump_clock(millis);
            }
        }
        Fault::SlowDisk { process, flush_ms, duration_ms } => {
            env.cover("fault: slow database");
            let database = database(sim, process);
            env.trace(format_args!("{} is slow for {duration_ms} ms", database.name()));
            database.slow_down(flush_ms, now + duration_ms);
        }
        Fault::SlowProcess { process, delay_ms, duration_ms } => {
            env.cover("fault: slow process");
            let process = named(sim, process);
            env.trace(format_args!("{} is slow for {duration_ms} ms", process.name()));
            process.slow_responses(delay_ms, now + duration_ms);
        }
        Fault::Partition { between: (from, to), direction, duration_ms } => {
            let (from, to) = (named(sim, from), named(sim, to));
            let (from, to) = ((from.index, from.name()), (to.index, to.name()));
            partition(sim, (from, to), direction, duration_ms);
        }
    }
}

fn database(sim: &Simulation, number: usize) -> &Arc<SimulatedDatabase> {
    let databases = &sim.cluster.databases;
    &databases[number % databases.len()]
}

/// Process of a number: the owner of a database, or one that stands by, as they are at this moment.
fn named(sim: &Simulation, number: usize) -> &Arc<Instance> {
    let (cluster, database) = (&sim.cluster, database(sim, number));
    let number = number / cluster.databases.len();
    let owner = cluster.owner_of(database);
    if number % ROLES + 1 < ROLES
        && let Some(owner) = owner
    {
        return owner;
    }
    let others: Vec<_> = cluster
        .instances_of(database)
        .filter(|it| owner.is_none_or(|owner| owner.index != it.index))
        .collect();
    others[number % others.len()]
}
