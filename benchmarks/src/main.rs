//! Measures the shop from outside, and beside it what the same machine does without the shop.
//!
//! Each scenario runs against the real binary in a process of its own; so does the server of constant answers, the
//! same HTTP stack without anything behind it. Ratios between the two survive a noisy machine; rates do not.

mod connection;
mod constant;
mod disk;
mod load;
mod process;
mod report;
mod scenarios;

use clap::Parser;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Measures the shop.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenarios; all when none is named
    #[arg(value_parser = scenarios::names())]
    scenarios: Vec<String>,
    /// Clients at the same time
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// How long each scenario is measured, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The binary to measure
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// Where the results are written, as JSON; nowhere when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to call the commit that was measured
    #[arg(long, default_value = "unknown")]
    commit: String,
}

/// What all scenarios are told.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) clients: usize,
    pub(crate) time: Duration,
    pub(crate) binary: PathBuf,
}

fn main() -> ExitCode {
    // A run starts this program a second time as the server it compares with.
    if std::env::args().nth(1).as_deref() == Some(constant::ARGUMENT) {
        return ended(constant::serve());
    }
    let arguments = Arguments::parse();
    ended(measure(&arguments))
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let setup = Setup {
        clients: arguments.clients,
        time: Duration::from_secs(arguments.seconds),
        binary: arguments.binary.clone(),
    };
    // One thread for the generator: the rest of the machine is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let mut report = report::Report::begin(&setup, &arguments.commit)?;
    for scenario in scenarios::chosen(&arguments.scenarios) {
        eprintln!(
            "measuring {} for {} s with {} clients …",
            scenario.name, arguments.seconds, setup.clients
        );
        report.add(runtime.block_on((scenario.run)(setup.clone()))?);
    }
    println!("{report}");
    match &arguments.out {
        Some(file) => report.write(file),
        None => Ok(()),
    }
}
