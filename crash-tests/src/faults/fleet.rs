//! Faults of the processes of a fleet: owners are killed, stopped and paused under load, and so are those that stand by. Another process takes
//! the place of a lost owner; nothing is sold twice, lost or doubled, and one that was paused changes nothing when it goes on.

use super::{LOAD_MS, engines::Engines};
use crate::{
    fleet::{Fleet, OWNED},
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Topology},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use rand::{Rng, seq::IndexedRandom};
use rustix::process::Signal;
use std::{collections::BTreeMap, ops::Range, path::Path, time::Duration};

/// How long a process is paused, or away until it is started again.
const AWAY_MS: Range<u64> = 0..4_000;
/// Load that goes on when it is back.
const AFTERWARDS_MS: Range<u64> = 50..600;

/// What happens to the processes of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FleetFault {
    /// SIGKILL of the owner.
    KillOwner,
    /// SIGTERM of the owner, as a rolling restart does it.
    StopOwner,
    /// SIGSTOP of the owner, which goes on later.
    PauseOwner,
    /// SIGSTOP of the owners of two services at once.
    PauseTwo,
    /// SIGKILL of both processes.
    KillBoth,
    /// SIGKILL of the process that stands by.
    KillStandby,
    /// SIGSTOP of the process that stands by.
    PauseStandby,
}

const FAULTS: [FleetFault; 7] = [
    FleetFault::KillOwner,
    FleetFault::PauseOwner,
    FleetFault::StopOwner,
    FleetFault::KillBoth,
    FleetFault::PauseTwo,
    FleetFault::KillStandby,
    FleetFault::PauseStandby,
];

/// Lets processes of a fleet fail `options.faults` times, in each way in turn, and reads back after each.
pub async fn break_fleet(
    program: &Program,
    data: &Path,
    engines: &Engines,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let mut program = engines.configure(program);
    program.topology = Topology::TwoOfEach;
    let storage_fault = StorageFault::DatabaseLost;
    let (mut run, mut shop) = Run::start(&program, data, options, storage_fault).await?;
    let mut counts = BTreeMap::new();
    for fault in FAULTS.into_iter().cycle() {
        if run.report.faults == options.faults {
            break;
        }
        run.report.faults += 1;
        *counts.entry(fault).or_insert(0_u64) += 1;
        let services: Vec<_> = OWNED.choose_multiple(&mut run.random, 2).copied().collect();
        let step = format!("{}, {fault:?} of {services:?}", run.step());
        let context = |violation: Violation| violation.context(&step);
        let mut within = |range| Duration::from_millis(run.random.random_range(range));
        let (delay, away, afterwards) = (within(LOAD_MS), within(AWAY_MS), within(AFTERWARDS_MS));
        let client = shop.client.clone();
        let fleet = shop.fleet_mut()?;
        let injected = under_load(&mut run.workload, &client, async {
            tokio::time::sleep(delay).await;
            fleet.check_running()?;
            inject(fleet, fault, &services, away).await?;
            tokio::time::sleep(afterwards).await;
            fleet.check_running()
        });
        injected.await.map_err(context)?;
        run.workload.read_back(&client).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    for (fault, count) in counts {
        run.report.notes.push(format!("{fault:?}: {count}"));
    }
    run.finish(shop).await
}

async fn inject(
    fleet: &mut Fleet,
    fault: FleetFault,
    services: &[&str],
    away: Duration,
) -> CheckResult {
    let (owner, standby) = (fleet.owner(services[0])?, fleet.standby(services[0])?);
    let paused = match fault {
        FleetFault::KillOwner => {
            fleet.kill(owner)?;
            Vec::new()
        }
        FleetFault::StopOwner => {
            fleet.terminate(owner).await?;
            Vec::new()
        }
        FleetFault::KillBoth => {
            fleet.kill(owner)?;
            fleet.kill(standby)?;
            Vec::new()
        }
        FleetFault::KillStandby => {
            fleet.kill(standby)?;
            Vec::new()
        }
        FleetFault::PauseOwner => vec![owner],
        FleetFault::PauseTwo => vec![owner, fleet.owner(services[1])?],
        FleetFault::PauseStandby => vec![standby],
    };
    for process in &paused {
        fleet.signal(*process, Signal::STOP)?;
    }
    tokio::time::sleep(away).await;
    for process in paused {
        fleet.signal(process, Signal::CONT)?;
    }
    fleet.start_missing()
}
