//! The shop: every service in one process, or any of them on its own.

mod cli;
mod commands;
mod demo;
mod edges;
mod failure;
mod modules;
mod output;
mod process;
mod shop;
mod wiring;

/// An order allocates some two thousand times; all of it takes a tenth less CPU than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::explain(&error),
    };
    match commands::run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
