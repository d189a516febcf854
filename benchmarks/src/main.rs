//! Measures the shop from outside, and beside it what the same machine does without the shop.
//!
//! Each scenario runs against the real binary in a process of its own; so does the server of constant answers, the
//! same HTTP stack without anything behind it. Ratios between the two survive a noisy machine; rates do not.

mod arguments;
mod callgrind;
mod connection;
mod constant;
mod counting;
mod disk;
mod engine;
mod latency;
mod load;
mod pacer;
mod plots;
mod process;
mod profile;
mod report;
mod scenarios;

use arguments::Arguments;
pub(crate) use arguments::Setup;
use clap::Parser;
use std::process::ExitCode;

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
    let setup = arguments.setup();
    // One thread for the generator: the rest of the machine is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    if let Some(file) = &arguments.instructions {
        let picture = file.with_file_name("results/order-instructions.svg");
        return runtime.block_on(counting::count(&setup, file, &picture, arguments.purpose()));
    }
    let mut report = report::Report::begin(&setup, &arguments.commit)?;
    for scenario in scenarios::chosen(&arguments.scenarios) {
        eprintln!(
            "measuring {} for {} s with {} clients …",
            scenario.name, arguments.seconds, setup.clients
        );
        report.add(runtime.block_on((scenario.run)(setup.clone()))?);
    }
    report.end()?;
    println!("{report}");
    match &arguments.out {
        Some(file) => report.write(file),
        None => Ok(()),
    }
}
