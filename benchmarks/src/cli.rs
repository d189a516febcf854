//! Command line of the benchmarks.

use crate::{
    backends::{Backends, BusEngine, StorageEngine},
    config::RunConfig,
    instruction_counts::CountMode,
    process::Program,
    scenarios,
};
use clap::Parser;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Load generator and benchmark scenarios for the shop
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    /// Scenarios to run; by default all but browse-100k, auth, flood, start, append, registry, fleet, clients and rates
    #[arg(value_parser = scenarios::names())]
    pub(crate) scenarios: Vec<String>,
    /// Number of concurrent clients. The default keeps two cores busy while responses wait for the disk
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Measured time of each scenario, in seconds, after a fifth of it as warm-up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Open load: start N units per second, whether or not the shop keeps up (at most --clients at once), and measure
    /// latency from the intended start. Without it the load is closed: each client sends its next request as soon as it
    /// has a response
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Orders in the data folder of the scenario `start`
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(10..))]
    orders: u64,
    /// The icommerce binary to measure
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// Engine of the shop's storage: with `postgres` a server is started, and a database made for each shop
    #[arg(long, value_enum, default_value_t)]
    storage: StorageEngine,
    /// Message bus of the shop: a server is started for it
    #[arg(long, value_enum, default_value_t)]
    bus: BusEngine,
    /// Values that may be lost in Redis, for which a server is started
    #[arg(long)]
    redis: bool,
    /// Program that runs npm oidc-provider, for the scenario `auth` (`cargo xtask bench auth` installs it)
    #[arg(long, value_name = "FILE")]
    oidc_provider: Option<PathBuf>,
    /// Count the instructions of the hot paths instead, and compare them with those in this file (needs valgrind)
    #[arg(long, value_name = "FILE", conflicts_with = "scenarios")]
    pub(crate) instructions: Option<PathBuf>,
    /// Place so many orders, as fast as they go, before the instructions are counted
    #[arg(long, value_name = "N", requires = "instructions", conflicts_with = "keep")]
    pub(crate) after: Option<u64>,
    /// Write the instruction counts to that file instead of comparing them
    #[arg(long, requires = "instructions")]
    keep: bool,
    /// File for the results as JSON, with charts beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Name of the measured commit, for the results
    #[arg(long, default_value = "unknown")]
    pub(crate) commit: String,
}

impl Cli {
    /// Whether instruction counts are compared or kept.
    pub(crate) fn count_mode(&self) -> CountMode {
        if self.keep { CountMode::Keep } else { CountMode::Compare }
    }

    /// Configuration for all scenarios, with the servers started.
    pub(crate) fn config(&self) -> Result<RunConfig, String> {
        let backends = Arc::new(Backends::start(self.storage, self.bus, self.redis)?);
        Ok(RunConfig {
            clients: self.clients,
            time: Duration::from_secs(self.seconds),
            rate: self.rate,
            orders: self.orders,
            program: Program { binary: self.binary.clone(), backends },
            oidc_provider: self.oidc_provider.clone(),
        })
    }
}

/// Parses an arrival rate in units per second.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.1 to 1000000".to_owned()),
    }
}
