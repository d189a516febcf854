//! Task runner of the repository: `cargo xtask tidy`, `test`, `backends`, `fleet`, `lighthouse`, `look`, `simulate`, `mutations`, `fuzz`, `crash`,
//! `bench`, `instructions`, `build-time` and `advisories`.

mod advisories;
mod bench;
mod build_time;
mod cli;
mod crash;
mod fleet;
mod fuzz;
mod instructions;
mod mutations;
mod process;
mod simulate;
mod suites;
mod tidy;

use clap::Parser;
use cli::{BackendsTask, Cli, FleetTask, Task};
use std::path::Path;
use std::process::ExitCode;

/// The result of a task; the error is a sentence for the terminal.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Cli::parse().task {
        Task::Tidy { rules: true } => {
            tidy::print_rules();
            Ok(true)
        }
        Task::Tidy { rules: false } => tidy::run(root),
        Task::Simulate { options } => simulate::run(root, &options),
        Task::Mutations { area, only, list } => mutations::run(root, &area, &only, list),
        Task::Fuzz { targets, seconds, seed } => fuzz::run(root, &targets, seconds, seed),
        Task::Advisories => advisories::run(root),
        Task::BuildTime => build_time::run(root),
        Task::Bench { scenarios } => bench::run(root, &scenarios),
        Task::Instructions { keep, after } => {
            use instructions::BaselineMode;
            let mode = if keep { BaselineMode::Update } else { BaselineMode::Compare };
            instructions::run(root, mode, after)
        }
        Task::Crash { arguments } => crash::run(root, &arguments),
        Task::Backends { task } => match task {
            BackendsTask::Up { servers } => suites::backends::up(root, &servers),
            BackendsTask::Down => suites::backends::down(root),
            BackendsTask::Status => suites::backends::status(root),
        },
        Task::Fleet { task: FleetTask::Up { instances } } => fleet::up(root, instances),
        Task::Look { folder } => suites::look(root, folder),
        Task::Lighthouse { rounds } => suites::lighthouse(root, rounds),
        Task::Test { all, only, ci } => suites::run(
            root,
            &only,
            if all { suites::Topologies::All } else { suites::Topologies::Usual },
            if ci { suites::SkipPolicy::Fail } else { suites::SkipPolicy::Allow },
        ),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
