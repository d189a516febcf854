//! `crash-tests`: hard times for a real shop, from the command line.

use clap::{Parser, Subcommand};
use crash_tests::{Checked, Kills, Program, kill};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Kills, pauses, starves and unplugs the real shop, and looks whether it kept its word.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask crash", bin_name = "cargo xtask crash")]
struct Line {
    #[command(subcommand)]
    hardship: Hardship,
    /// The shop's program.
    #[arg(long, global = true, default_value = "icommerce")]
    binary: PathBuf,
    /// Where chance begins.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// How many customers at once.
    #[arg(long, global = true, default_value_t = 48)]
    customers: u64,
    /// Where the shop keeps its data; a new folder each time when absent.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Hardship {
    /// SIGKILL at random moments, and a start on the same folder.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 30)]
        times: u64,
        /// How many orders there are before the first kill.
        #[arg(long, default_value_t = 0)]
        orders: u64,
    },
}

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
        Ok(report) => {
            println!("{report}\nviolations             none");
            ExitCode::SUCCESS
        }
        Err(violation) => {
            eprintln!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: &Line) -> Checked<String> {
    let folder = tempfile::tempdir()?;
    let data = line.data.clone().unwrap_or_else(|| folder.path().join("data"));
    let report = endure(line, &data).await;
    if report.is_err() {
        eprintln!("the data stays in {}", folder.keep().display());
    }
    report
}

async fn endure(line: &Line, data: &Path) -> Checked<String> {
    let program = Program::new(line.binary.clone());
    let (seed, customers) = (line.seed, line.customers);
    match line.hardship {
        Hardship::Kill { times, orders } => {
            let kills = Kills { times, seed, customers, rest_every: 25, orders };
            let killed = kill(&program, data, &kills, |news| println!("{news}")).await?;
            Ok(killed.to_string())
        }
    }
}
