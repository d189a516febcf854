//! `crash-tests`: fault-injection runs from the command line.

mod cli;
mod commands;

use clap::Parser;
use cli::Cli;
use commands::{RunFailure, run_in_folder};
use std::process::ExitCode;

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
        Err(RunFailure::Violation(violation)) => {
            eprintln!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
        Err(RunFailure::Unavailable(reason)) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}
