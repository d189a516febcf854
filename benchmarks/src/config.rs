//! Configuration of a run.

use crate::process::Program;
use std::{path::PathBuf, time::Duration};

/// Configuration that all scenarios share.
#[derive(Clone, Debug)]
pub(crate) struct RunConfig {
    /// Number of concurrent clients.
    pub(crate) clients: usize,
    /// Measured time of a scenario.
    pub(crate) time: Duration,
    /// Arrival rate of an open load in units per second; `None` for a closed one.
    pub(crate) rate: Option<f64>,
    /// Orders in the data folder of the start-up scenario.
    pub(crate) orders: u64,
    /// Shop under test, with the servers that it uses.
    pub(crate) program: Program,
    /// Program of the provider for node that token rates are compared with.
    pub(crate) oidc_provider: Option<PathBuf>,
}
