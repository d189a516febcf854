//! Command-line interface of the simulation.

use crate::{
    campaign::{self, SeedRange},
    cells::{self, CELLS_MAX},
    defects, mutation_testing,
    plan::{self, Topology},
    report, runner, shrink,
};
use clap::Parser;
use kernel::{Randomness, SystemRandomness};
use shop_client::Progress;
use std::{num::NonZeroUsize, process::ExitCode};

/// Number of seeds by default.
const SEEDS: u64 = 1_000;

/// Deterministic simulation of the whole shop: runs it in simulated time once for each seed, with faults, and checks
/// its invariants.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate", bin_name = "cargo xtask simulate")]
struct Cli {
    /// Number of seeds (default: 1,000, or 1 with --seed).
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// First seed (default: random).
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Topology: one process, a fleet, or several instances of each service (default: each seed in all of them).
    #[arg(long = "shape", value_name = "SHAPE")]
    topology: Vec<Topology>,
    /// Number of threads (default: all cores).
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Mutation testing: plants one defect after the other, and prints how many seeds it took to catch each.
    #[arg(long)]
    defects: bool,
    /// Cells: shops that share nothing but the stock, of which each has a lease. Runs 1, 2, 4, … cells up to this many, and prints
    /// what an order costs with each.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "defects", "topology"], value_parser = clap::value_parser!(u64).range(1..=CELLS_MAX))]
    cells: Option<u64>,
    /// Plants this defect.
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// Prints the trace of a single seed, even when all invariants hold.
    #[arg(long = "story")]
    trace: bool,
}

/// Parses the command line and runs what it asks for.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let threads = cli.threads.or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let topologies = if cli.topology.is_empty() { Topology::ALL.to_vec() } else { cli.topology };
    let first = cli.seed.unwrap_or_else(|| SystemRandomness.below(1 << 40));
    if let Some(cells) = cli.cells {
        return cells::run(first, cells);
    }
    if cli.defects {
        return mutation_testing::run(first, cli.seeds.unwrap_or(SEEDS), &topologies, threads);
    }
    if let Some(name) = &cli.defect
        && let Err(error) = defects::plant(name)
    {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    let count = cli.seeds.unwrap_or(if cli.seed.is_some() { 1 } else { SEEDS });
    if count == 1 && cli.trace {
        return print_trace(first, &topologies);
    }
    let seeds = SeedRange { first, count };
    let progress = Progress::on_standard_error();
    let campaign = campaign::run(seeds, &topologies, threads, cli.defect.as_deref(), progress);
    report::print(&campaign, seeds, &topologies);
    match &campaign.failure {
        None if campaign.coverage_gaps(seeds, &topologies).is_empty() => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
        Some(failure) => {
            report::print_failure(failure);
            report::print_shrunk(&shrink::shrink(failure));
            ExitCode::FAILURE
        }
    }
}

/// Prints the trace of one seed in each topology.
fn print_trace(seed: u64, topologies: &[Topology]) -> ExitCode {
    let mut all_hold = true;
    for topology in topologies {
        println!("seed {seed}, shape {}", topology.as_str());
        match runner::run(plan::generate(seed, *topology)) {
            Ok(result) => {
                for line in &result.trace {
                    println!("{line}");
                }
                println!("fingerprint {:016x}", result.fingerprint);
                all_hold &= result.violations.is_empty();
            }
            Err(error) => {
                println!("{error}");
                all_hold = false;
            }
        }
    }
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
