//! The command line.

use crate::{
    campaign::{self, Seeds},
    defects,
    plan::{Plan, Shape},
    report, run, shrink,
};
use clap::Parser;
use kernel::{Randomness, SystemRandomness};
use shop_client::Progress;
use std::{num::NonZeroUsize, process::ExitCode};

/// How many seeds are played when nobody says.
const SEEDS: u64 = 1_000;

/// Plays the whole shop in simulated time, once for each seed, and checks that its books balance.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate", bin_name = "cargo xtask simulate")]
struct Line {
    /// How many seeds (1,000, or just the one that is named).
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first seed; drawn when absent. A single one is told as a story.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// In which shape; each seed in both when absent.
    #[arg(long, value_name = "SHAPE")]
    shape: Option<Shape>,
    /// How many threads play (all cores).
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Plants one defect after the other, and says how many seeds it took to catch it.
    #[arg(long)]
    defects: bool,
    /// Plants this defect.
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// Prints what happened also when all is well.
    #[arg(long)]
    story: bool,
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let line = Line::parse();
    let threads = line.threads.or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let shapes = line.shape.map_or_else(|| vec![Shape::One, Shape::Fleet], |shape| vec![shape]);
    let first = line.seed.unwrap_or_else(|| SystemRandomness.below(1 << 40));
    if line.defects {
        return defects::table(first, line.seeds.unwrap_or(SEEDS), &shapes, threads);
    }
    if let Some(name) = &line.defect
        && let Err(error) = defects::plant(name)
    {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    let count = line.seeds.unwrap_or(if line.seed.is_some() { 1 } else { SEEDS });
    if count == 1 && line.story {
        return tell(first, &shapes);
    }
    let seeds = Seeds { first, count };
    let progress = Progress::on_standard_error();
    let campaign = campaign::run(seeds, &shapes, threads, line.defect.as_deref(), progress);
    report::print(&campaign, seeds, &shapes);
    match &campaign.failure {
        None if campaign.blind_spots(seeds, &shapes).is_empty() => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
        Some(failure) => {
            report::print_failure(failure);
            report::print_shrunk(&shrink::shrink(failure));
            ExitCode::FAILURE
        }
    }
}

/// Tells what happens with one seed.
fn tell(seed: u64, shapes: &[Shape]) -> ExitCode {
    let mut is_well = true;
    for shape in shapes {
        println!("seed {seed}, shape {}", shape.word());
        match run::play(Plan::of(seed, *shape)) {
            Ok(outcome) => {
                for line in &outcome.story {
                    println!("{line}");
                }
                println!("fingerprint {:016x}", outcome.fingerprint);
                is_well &= outcome.violations.is_empty();
            }
            Err(error) => {
                println!("{error}");
                is_well = false;
            }
        }
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
