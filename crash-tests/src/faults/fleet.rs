//! Faults of a fleet under load: processes are killed, stopped and paused, packets between them are lost, owners answer slowly, and clocks
//! jump. Another process takes the place of a lost owner, requests that do not need what is lost go on, and orders are placed again afterwards;
//! nothing is sold twice, lost or doubled.

mod fleet_fault;
mod injection;
mod losses;

use super::engines::Engines;
use crate::{
    fleet::{FleetSurroundings, PROCESSES},
    namespaces::{NamespaceNetwork, TEST_HOST, address_of},
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Topology},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use fleet_fault::FleetFault;
pub use fleet_fault::FleetFaultKind;
use injection::FleetInjection;
use losses::IndependentRequests;
use std::{collections::BTreeMap, io, net::Ipv4Addr, path::Path, sync::Arc};

/// Faults that this machine can inject into a fleet.
#[derive(Debug)]
pub struct FleetFaults {
    faults: Vec<FleetFault>,
    surroundings: FleetSurroundings,
    skipped: Vec<String>,
}

impl FleetFaults {
    /// Faults of these kinds, of all if none is named, and what they need. A fault that this machine cannot inject is left out, and the
    /// reason is kept.
    pub fn prepare(only: &[FleetFaultKind]) -> Self {
        let kinds = if only.is_empty() { &FleetFaultKind::ALL[..] } else { only };
        let (mut faults, mut skipped) = (FleetFault::of_kinds(kinds), Vec::new());
        let mut surroundings = FleetSurroundings::default();
        let network = test_servers::ip_program().map_err(|reason| reason.to_string());
        let network = network.and_then(|ip| {
            NamespaceNetwork::create(ip, PROCESSES).map_err(|reason| reason.to_string())
        });
        match network {
            Ok(network) => surroundings.network = Some(Arc::new(network)),
            Err(reason) => skip(&mut faults, &mut skipped, &reason, FleetFault::needs_network),
        }
        let has_clocks = |faults: &[FleetFault]| {
            faults.iter().any(|it| FleetFaultKind::Clock.faults().contains(it))
        };
        if has_clocks(&faults) {
            match test_servers::clock_library() {
                Ok(library) => surroundings.clock_library = Some(library),
                Err(reason) => skip(&mut faults, &mut skipped, &reason.to_string(), |it| {
                    FleetFaultKind::Clock.faults().contains(&it)
                }),
            }
        }
        Self { faults, surroundings, skipped }
    }

    /// Number of different faults.
    pub fn count(&self) -> usize {
        self.faults.len()
    }

    /// Faults that are left out, with the reason.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }
}

/// Leaves faults out, for this reason.
fn skip(
    faults: &mut Vec<FleetFault>,
    skipped: &mut Vec<String>,
    reason: &str,
    is_impossible: impl Fn(FleetFault) -> bool,
) {
    let impossible: Vec<_> = faults.extract_if(.., |fault| is_impossible(*fault)).collect();
    if !impossible.is_empty() {
        skipped.push(format!("{impossible:?}: {reason}"));
    }
}

/// Starts a database and a fleet, lets these faults happen to it `options.faults` times, each in turn, and reads back after each.
pub fn break_fleet(
    program: &Program,
    data: &Path,
    faults: &FleetFaults,
    options: &RunOptions,
    on_progress: impl FnMut(&str) + Send,
) -> CheckResult<RunReport> {
    let network = faults.surroundings.network.clone();
    let address = network.as_ref().map_or(Ipv4Addr::LOCALHOST, |_| address_of(TEST_HOST));
    let run = || -> io::Result<CheckResult<RunReport>> {
        // Its threads, and the servers, are on the host of this thread.
        let runtime = tokio::runtime::Runtime::new()?;
        Ok(runtime.block_on(async {
            let engines = Engines::start_at(address, None, false)?;
            break_each(program, data, &engines, faults, options, on_progress).await
        }))
    };
    match network {
        Some(network) => network.run_on(TEST_HOST, run)?,
        None => std::thread::scope(|scope| scope.spawn(run).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
    }
}

async fn break_each(
    program: &Program,
    data: &Path,
    engines: &Engines,
    faults: &FleetFaults,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let mut program = engines.configure(program);
    program.topology = Topology::TwoOfEach;
    program.surroundings = faults.surroundings.clone();
    let storage_fault = match program.surroundings.clock_library {
        Some(_) => StorageFault::ClocksJump,
        None => StorageFault::DatabaseLost,
    };
    let (mut run, mut shop) = Run::start(&program, data, options, storage_fault).await?;
    run.checks_followers = true;
    let requests = IndependentRequests::create(&shop.client, &run.workload).await?;
    let mut counts = BTreeMap::new();
    for &fault in faults.faults.iter().cycle() {
        if run.report.faults == options.faults {
            break;
        }
        run.report.faults += 1;
        *counts.entry(fault).or_insert(0_u64) += 1;
        let injection = FleetInjection::random(fault, &mut run.random);
        let step = format!("{}, {injection}", run.step());
        let context = |violation: Violation| violation.context(&step);
        let (client, outage) = (shop.client.clone(), Arc::clone(&run.workload.outage));
        let injected = injection.inject(shop.fleet_mut()?, &client, &requests, &outage);
        under_load(&mut run.workload, &client, injected).await.map_err(context)?;
        run.workload.read_back(&client).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    for (fault, count) in counts {
        run.report.notes.push(format!("{fault:?}: {count}"));
    }
    let (answers, sales) = (requests.answered(), run.workload.outage.all_sales());
    let excused = requests.excused();
    run.report.notes.push(format!(
        "{answers} answers to requests that needed nothing lost, {excused} refusals while an owner changed or waited for what was lost"
    ));
    run.report.notes.push(format!("{sales} orders confirmed during faults and right after them"));
    run.finish(shop).await
}
