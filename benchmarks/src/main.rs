//! Load generator and benchmark scenarios for the shop, each beside a baseline on the same machine.
//!
//! Each scenario runs against the real binary in a process of its own; so does the baseline server, the same HTTP stack
//! with constant answers and nothing behind it. Ratios between the two survive a noisy machine; rates do not.

mod backends;
mod baseline_server;
mod callgrind;
mod cli;
mod config;
mod disk;
mod engine_metrics;
mod fleet;
mod http_connection;
mod instruction_counts;
mod latency;
mod load_generator;
mod numbers;
mod pacer;
mod plots;
mod process;
mod profile;
mod recording;
mod report;
mod scenarios;
mod syscalls;

use clap::Parser;
/// Global allocator: the shop's, so that the baseline server allocates as the shop does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A run starts this program a second time as the baseline server.
    let mut arguments = std::env::args().skip(1);
    if let (Some(baseline_server::ARGUMENT), Some(recording)) =
        (arguments.next().as_deref(), arguments.next())
    {
        return exit_code(baseline_server::serve(&recording));
    }
    let arguments = Cli::parse();
    exit_code(measure(&arguments))
}

fn exit_code(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Cli) -> Result<(), String> {
    let config = arguments.config()?;
    // One thread for the generator: the rest of the machine is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    if let Some(file) = &arguments.instructions {
        let picture = file.with_file_name("results/order-instructions.svg");
        return runtime.block_on(instruction_counts::count(
            &config,
            arguments.after,
            (file, &picture),
            arguments.count_mode(),
        ));
    }
    let mut report = report::Report::start(&config, &arguments.commit)?;
    for scenario in scenarios::selected(&arguments.scenarios) {
        eprintln!(
            "measuring {} for {} s with {} clients …",
            scenario.name, arguments.seconds, config.clients
        );
        report.add(runtime.block_on((scenario.run)(config.clone()))?);
    }
    report.finish()?;
    println!("{report}");
    match &arguments.out {
        Some(file) => report.write(file),
        None => Ok(()),
    }
}
