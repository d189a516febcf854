//! `fuzz-targets`: seeded runs from the command line.

mod timed_run;

use clap::Parser;
use fuzz_targets::{Corpus, Failure, SeededRun, TARGETS, Target};
use kernel::{Randomness, SystemRandomness};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Number of seeds from which a run may begin.
const SEEDS: u64 = 1 << 32;

/// Runs fuzz targets on mutations of their corpora, on a stable toolchain and without coverage.
#[derive(Debug, Parser)]
struct Cli {
    /// Targets (default: every one).
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the first input (default: any): the input of a failure alone, with `--seconds 0`.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut targets = Vec::new();
    for name in &cli.targets {
        let Some(target) = Target::named(name) else {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            eprintln!("error: there is no target {name}; the targets are {}", names.join(", "));
            return ExitCode::from(2);
        };
        targets.push(target);
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let first_seed = cli.seed.unwrap_or_else(|| SystemRandomness.below(SEEDS));
    let time = Duration::from_secs(cli.seconds);
    let mut is_success = true;
    for target in targets {
        let corpus = match Corpus::read(&fuzz_folder().join("corpus"), target.name) {
            Ok(corpus) => corpus,
            Err(error) => {
                eprintln!("error: the corpus of {} cannot be read: {error}", target.name);
                return ExitCode::from(2);
            }
        };
        if let Err(failure) = timed_run::run(SeededRun::new(target, &corpus, first_seed), time) {
            eprintln!("{failure}");
            is_success = false;
            match keep(&failure) {
                Ok(path) => eprintln!("the input is kept in {}", path.display()),
                Err(error) => eprintln!("the input cannot be kept: {error}"),
            }
        }
    }
    if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes the input of a failure into a file, where cargo-fuzz would; it can become part of the corpus.
fn keep(failure: &Failure) -> io::Result<PathBuf> {
    let folder = fuzz_folder().join("artifacts").join(failure.target);
    fs::create_dir_all(&folder)?;
    let seed = failure.seed.map_or("corpus".to_owned(), |seed| seed.to_string());
    let path = folder.join(format!("seed-{seed}"));
    fs::write(&path, &failure.input)?;
    Ok(path)
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
