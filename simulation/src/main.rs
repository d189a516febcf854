//! Deterministic simulation testing of the whole shop: the real services run on simulated disks, networks and clocks,
//! with faults and clients drawn from a seed, and every invariant is checked.

mod actors;
mod campaign;
mod cells;
mod cli;
mod client;
mod cluster;
mod coverage;
mod defects;
mod environment;
mod fault_injection;
mod invariants;
mod model;
mod mutation_testing;
mod observed;
mod oracle;
mod plan;
mod report;
mod rng;
mod runner;
mod setup;
mod shrink;
mod simulation;
#[cfg(test)]
mod tests;
mod trace;
mod violation;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
