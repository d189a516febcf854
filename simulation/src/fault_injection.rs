//! Fault injection: what a plan schedules is done to the cluster, and withdrawn at the end.

mod instances;

use crate::{
    cluster::{FlushFailure, Process},
    plan::{Fault, FaultRates, PartitionDirection, Topology},
    simulation::Simulation,
};
use std::{sync::Arc, time::Duration};

/// Injects a fault now.
pub(crate) fn inject(sim: &Simulation, fault: Fault) {
    if sim.plan.topology == Topology::Instances {
        return instances::inject(sim, fault);
    }
    let (env, processes) = (&sim.env, &sim.cluster.processes);
    let process = |index: usize| -> &Arc<Process> { &processes[index % processes.len()] };
    let now = env.now_ms();
    match fault {
        Fault::Crash { process: index, survived_permille, downtime_ms } => {
            let process = process(index);
            if process.is_up() {
                env.cover("fault: crash");
                process.crash(survived_permille);
                process.restart_after(Duration::from_millis(downtime_ms));
            }
        }
        Fault::FlushFailure { process: index, flushes, survived_permille, downtime_ms } => {
            let downtime = Duration::from_millis(downtime_ms);
            process(index).fail_flush(FlushFailure { after: flushes, survived_permille, downtime });
        }
        Fault::ClockJump { millis } => {
            env.cover("fault: clock jump");
            env.trace(format_args!("all clocks jump by {millis} ms"));
            for process in processes {
                process.jump_clock(millis);
            }
        }
        Fault::SlowDisk { process: index, flush_ms, duration_ms } => {
            env.cover("fault: slow disk");
            let process = process(index);
            env.trace(format_args!("the disk of {} is slow for {duration_ms} ms", process.name()));
            process.slow_disk(flush_ms, now + duration_ms);
        }
        Fault::SlowProcess { process: index, delay_ms, duration_ms } => {
            env.cover("fault: slow process");
            let process = process(index);
            env.trace(format_args!("{} is slow for {duration_ms} ms", process.name()));
            process.slow_responses(delay_ms, now + duration_ms);
        }
        Fault::Partition { between: (from, to), direction, duration_ms } => {
            let (from, to) = (process(from), process(to));
            let (from, to) = ((from.index, from.name()), (to.index, to.name()));
            partition(sim, (from, to), direction, duration_ms);
        }
        // Only processes that share a database are replaced by others.
        Fault::Pause { .. } | Fault::CutOff { .. } => {}
    }
}

/// Partitions the network between two processes, given by their indexes and names.
fn partition(
    sim: &Simulation,
    ((from, from_name), (to, to_name)): ((usize, String), (usize, String)),
    direction: PartitionDirection,
    duration_ms: u64,
) {
    if from == to {
        return;
    }
    let env = &sim.env;
    env.cover(match direction {
        PartitionDirection::Both => "fault: two-way partition",
        PartitionDirection::Forward | PartitionDirection::Backward => "fault: one-way partition",
    });
    sim.cluster.network.partition(from, to, direction, env.now_ms() + duration_ms);
    env.trace(format_args!("partition between {from_name} and {to_name}: {direction:?}"));
}

/// Puts the plan's fault rates in force.
pub(crate) fn enable_fault_rates(sim: &Simulation) {
    sim.env.set_fault_rates(sim.plan.fault_rates);
}

/// Withdraws all faults.
pub(crate) fn heal(sim: &Simulation) {
    sim.env.set_fault_rates(FaultRates::default());
    sim.cluster.heal();
}
