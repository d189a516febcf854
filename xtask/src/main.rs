//! The everyday verbs of the repository: `cargo xtask tidy`, `test`, `lighthouse`, `simulate`, `crash`, `bench` and
//! `instructions`.

mod bench;
mod crash;
mod instructions;
mod process;
mod simulate;
mod suites;
mod tidy;
mod verbs;

use clap::Parser;
use std::path::Path;
use std::process::ExitCode;
use verbs::{Line, Verb};

/// What a verb may fail with: a sentence for the person at the terminal.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Line::parse().verb {
        Verb::Tidy { rules: true } => {
            tidy::explain();
            Ok(true)
        }
        Verb::Tidy { rules: false } => tidy::run(root),
        Verb::Simulate { options } => simulate::run(root, &options),
        Verb::Bench { scenarios } => bench::run(root, &scenarios),
        Verb::Instructions { keep } => {
            use instructions::Purpose;
            instructions::run(root, if keep { Purpose::Keep } else { Purpose::Compare })
        }
        Verb::Crash { arguments } => crash::run(root, &arguments),
        Verb::Lighthouse { rounds } => suites::lighthouse(root, rounds),
        Verb::Test { only, ci } => {
            suites::run(root, &only, if ci { suites::Skips::Fail } else { suites::Skips::Pass })
        }
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
