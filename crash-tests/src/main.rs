//! `crash-tests`: hard times for a real shop, from the command line.

mod line;

use clap::Parser;
use crash_tests::{
    Checked, DISK_BYTES, Disk, FileSystem, Program, Record, Shape, Terms, Warning, full_disk, kill,
    pause, power,
};
use line::{Hardship, Line, Unpluggable};
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let line = Line::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(&line)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(violation) => {
            eprintln!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: &Line) -> Checked {
    let folder = tempfile::tempdir()?;
    let endured = endure(line, folder.path()).await;
    if endured.is_err() {
        eprintln!("what it left behind stays in {}", folder.keep().display());
    }
    endured
}

async fn endure(line: &Line, folder: &Path) -> Checked {
    let mut program = Program::new(line.binary.clone());
    program.log = Some(folder.join("shop.log"));
    let data = line.data.clone().unwrap_or_else(|| folder.join("data"));
    let (seed, customers) = (line.seed, line.customers);
    let terms = |times, orders| Terms { times, seed, customers, rest_every: 25, orders };
    let tell = |news: &str| println!("{news}");
    match line.hardship {
        Hardship::Kill { times, orders } => {
            report("kill", &kill(&program, &data, &terms(times, orders), tell).await?);
        }
        Hardship::Pause { times, halves } => {
            program.shape = if halves { Shape::Halves } else { Shape::One };
            report("pause", &pause(&program, &data, &terms(times, 0), tell).await?);
        }
        Hardship::FullDisk { times } => {
            for warning in [Warning::Reserve, Warning::None] {
                let small = FileSystem::Memory { bytes: DISK_BYTES };
                let Some(disk) = disk(folder, small) else { continue };
                let terms = terms(times, 0);
                let record = full_disk(&program, &disk, warning, &terms, tell).await?;
                report(&format!("full disk, warning: {warning:?}"), &record);
            }
        }
        Hardship::Power { times, file_system } => {
            let file_systems = match file_system {
                Some(Unpluggable::Ext4) => vec![FileSystem::Ext4],
                Some(Unpluggable::Xfs) => vec![FileSystem::Xfs],
                None => vec![FileSystem::Ext4, FileSystem::Xfs],
            };
            for file_system in file_systems {
                let Some(disk) = disk(folder, file_system) else { continue };
                let record = power(&program, &disk, &terms(times, 0), tell).await?;
                report(&format!("power, {file_system:?}"), &record);
            }
        }
    }
    Ok(())
}

/// A disk, or the reason why there is none.
fn disk(folder: &Path, file_system: FileSystem) -> Option<Disk> {
    Disk::make(folder, file_system).inspect_err(|missing| println!("skipped: {missing}")).ok()
}

fn report(hardship: &str, record: &Record) {
    println!("\n{hardship}\n{record}\nviolations             none\n");
}
