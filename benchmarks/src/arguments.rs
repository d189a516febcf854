//! The command line.

use crate::{counting::Purpose, scenarios};
use clap::Parser;
use std::{path::PathBuf, time::Duration};

/// Measures the shop.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Which scenarios; when none is named, all but those that take long (browse-100k, start, clients, rates)
    #[arg(value_parser = scenarios::names())]
    pub(crate) scenarios: Vec<String>,
    /// Clients at the same time: enough to keep both cores busy while answers wait for the disk
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How long each scenario is measured, in seconds
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Begin so many units a second, whether or not the shop keeps up (at most --clients at once); times then count
    /// from the intended beginning. Without it each client asks again as soon as it has its answer
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Orders in the folder that the scenario `start` starts on
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(10..))]
    orders: u64,
    /// The binary to measure
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// Counts the instructions of the hot paths instead, and compares them with those in this file (needs valgrind)
    #[arg(long, value_name = "FILE", conflicts_with = "scenarios")]
    pub(crate) instructions: Option<PathBuf>,
    /// Writes the counts into that file instead
    #[arg(long, requires = "instructions")]
    keep: bool,
    /// Where the results are written, as JSON; nowhere when absent
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What to call the commit that was measured
    #[arg(long, default_value = "unknown")]
    pub(crate) commit: String,
}

/// What all scenarios are told.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) clients: usize,
    pub(crate) time: Duration,
    /// Units to begin a second, if that is given.
    pub(crate) rate: Option<f64>,
    /// Orders in the folder to start on.
    pub(crate) orders: u64,
    pub(crate) binary: PathBuf,
}

impl Arguments {
    /// What is done with counts of instructions.
    pub(crate) fn purpose(&self) -> Purpose {
        if self.keep { Purpose::Keep } else { Purpose::Compare }
    }

    /// What all scenarios are told of it.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            clients: self.clients,
            time: Duration::from_secs(self.seconds),
            rate: self.rate,
            orders: self.orders,
            binary: self.binary.clone(),
        }
    }
}

/// Units a second: more than none.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.1 to 1000000".to_owned()),
    }
}
