//! Runs of the command line, one for each fault.

use crate::cli::{BlockFileSystem, Cli, Fault, FleetPart};
use crash_tests::{
    Disk, DiskReserve, Engines, FleetFaults, Program, RunOptions, RunReport, Topology, Violation,
    break_engines, break_fleet, cut_power, fail_over, fill_disk, kill, overload, pause, small_disk,
};
use std::path::Path;

/// Number of faults between two quiescent points.
const QUIESCE_EVERY: u64 = 25;

/// Why a run has not succeeded.
pub(crate) enum RunFailure {
    /// The shop has broken a guarantee.
    Violation(Violation),
    /// This machine cannot inject a fault that was asked for.
    Unavailable(String),
}

impl From<Violation> for RunFailure {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<std::io::Error> for RunFailure {
    fn from(error: std::io::Error) -> Self {
        Self::Violation(error.into())
    }
}

/// Runs the faults in a temporary folder, which is kept if there is a violation.
pub(crate) async fn run_in_folder(cli: &Cli) -> Result<(), RunFailure> {
    let folder = tempfile::tempdir()?;
    let result = run(cli, folder.path()).await;
    if matches!(result, Err(RunFailure::Violation(_))) {
        eprintln!("data and log are kept in {}", folder.keep().display());
    }
    result
}

async fn run(cli: &Cli, folder: &Path) -> Result<(), RunFailure> {
    let mut program = Program::new(cli.binary.clone());
    program.log = Some(folder.join("shop.log"));
    let data = cli.data.clone().unwrap_or_else(|| folder.join("data"));
    let (seed, customers, quiesce_every) = (cli.seed, cli.customers, QUIESCE_EVERY);
    let options = |faults, orders| RunOptions { faults, seed, customers, quiesce_every, orders };
    let on_progress = |line: &str| println!("{line}");
    match cli.fault {
        Fault::Kill { times, orders } => {
            let report = kill(&program, &data, &options(times, orders), on_progress).await?;
            print_report("kill", &report);
        }
        Fault::Pause { times, two_processes } => {
            program.topology =
                if two_processes { Topology::TwoProcesses } else { Topology::OneProcess };
            let report = pause(&program, &data, &options(times, 0), on_progress).await?;
            print_report("pause", &report);
        }
        Fault::Engines { times, bus, redis, ref of } => {
            let engines = Engines::start(bus.map(Into::into), redis)?;
            let only: Vec<_> = of.iter().copied().map(Into::into).collect();
            let (faults, options) = (engines.faults(&only), options(times, 0));
            let report = break_engines(&program, &data, &engines, &faults, &options, on_progress);
            print_report("engines", &report.await?);
        }
        Fault::Fleet { times, ref of } => {
            let (faults, options) = (fleet_faults(of)?, options(times, 0));
            let breaking = || break_fleet(&program, &data, &faults, &options, on_progress);
            print_report("fleet", &tokio::task::block_in_place(breaking)?);
        }
        Fault::Failover { times } => {
            let report = fail_over(&program, &data, &options(times, 0), on_progress).await?;
            print_report("failover", &report);
        }
        Fault::Overload => {
            let engines = Engines::start(None, false)?;
            let report = overload(&program, &data, &engines, &options(0, 0)).await?;
            print_report("overload", &report);
        }
        Fault::FullDisk { times } => {
            for reserve in [DiskReserve::Enabled, DiskReserve::Disabled] {
                let Some(disk) = Disk::create_or_skip(folder, small_disk(times)) else { continue };
                let options = options(times, 0);
                let report = fill_disk(&program, &disk, reserve, &options, on_progress).await?;
                print_report(&format!("full disk, reserve {reserve:?}"), &report);
            }
        }
        Fault::Power { times, file_system } => {
            for file_system in BlockFileSystem::named_or_all(file_system) {
                let Some(disk) = Disk::create_or_skip(folder, file_system) else { continue };
                let report = cut_power(&program, &disk, &options(times, 0), on_progress).await?;
                print_report(&format!("power loss, {file_system:?}"), &report);
            }
        }
    }
    Ok(())
}

/// Faults of these parts of a fleet, each of which this machine must be able to inject; what of the others it cannot is named.
fn fleet_faults(of: &[FleetPart]) -> Result<FleetFaults, RunFailure> {
    let kinds: Vec<_> = of.iter().copied().map(Into::into).collect();
    let faults = FleetFaults::prepare(&kinds);
    match faults.skipped() {
        [reason, ..] if !of.is_empty() => Err(RunFailure::Unavailable(reason.clone())),
        skipped => {
            for reason in skipped {
                println!("skipped: {reason}");
            }
            Ok(faults)
        }
    }
}

fn print_report(fault: &str, report: &RunReport) {
    println!("\n{fault}\n{report}\nviolations             none\n");
}
