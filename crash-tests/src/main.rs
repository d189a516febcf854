//! `crash-tests`: fault-injection runs from the command line.

mod cli;

use clap::Parser;
use cli::{BlockFileSystem, Cli, Fault};
use crash_tests::{
    CheckResult, Disk, DiskReserve, Engines, Program, RunOptions, RunReport, Topology,
    break_engines, break_fleet, cut_power, fail_over, fill_disk, kill, overload, pause, small_disk,
};
use std::{path::Path, process::ExitCode};

/// Number of faults between two quiescent points.
const QUIESCE_EVERY: u64 = 25;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run_in_folder(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(violation) => {
            eprintln!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the faults in a temporary folder, which is kept if there is a violation.
async fn run_in_folder(cli: &Cli) -> CheckResult {
    let folder = tempfile::tempdir()?;
    let result = run(cli, folder.path()).await;
    if result.is_err() {
        eprintln!("data and log are kept in {}", folder.keep().display());
    }
    result
}

async fn run(cli: &Cli, folder: &Path) -> CheckResult {
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
        Fault::Fleet { times } => {
            let (engines, options) = (Engines::start(None, false)?, options(times, 0));
            let report = break_fleet(&program, &data, &engines, &options, on_progress).await?;
            print_report("fleet", &report);
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

fn print_report(fault: &str, report: &RunReport) {
    println!("\n{fault}\n{report}\nviolations             none\n");
}
