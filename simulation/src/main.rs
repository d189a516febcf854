//! The whole shop from one seed: the real services on simulated disks, wires and clocks, people around them, and
//! books that must balance whatever breaks.

mod books;
mod campaign;
mod cli;
mod coverage;
mod defects;
mod dice;
mod invariants;
mod opening;
mod people;
mod plan;
mod report;
mod run;
mod shrink;
mod story;
#[cfg(test)]
mod tests;
mod told;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
