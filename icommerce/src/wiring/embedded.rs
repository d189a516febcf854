//! Embedded engine: one data folder and one log for all services of the process.

use super::metrics;
use crate::{error::CliError, process::ProcessSettings};
use engine_log::{LogEngine, LogOptions};
use journal::{ServiceStorage, durability::CommitError};
use telemetry::Metrics;

/// Open embedded engine.
#[derive(Clone, Debug)]
pub(crate) struct Embedded(LogEngine);

impl Embedded {
    /// Opens the data folder.
    pub(crate) fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        let disk_reserve_bytes = settings.disk_reserve_bytes;
        let options = LogOptions { disk_reserve_bytes, ..LogOptions::default() };
        LogEngine::open(&settings.data, options).map(Self).map_err(CliError::unavailable)
    }

    /// Opens an existing data folder; fails if there is none.
    pub(crate) fn open_existing(settings: &ProcessSettings) -> Result<Self, CliError> {
        if !LogEngine::has_filled(&settings.data) {
            return Err(CliError::unavailable(format!(
                "{} is not a data folder of a shop; give its path with --data",
                settings.data.display()
            )));
        }
        Self::open(settings)
    }

    /// Storage of a service in the process's log.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.0.service(name)
    }

    /// Storage of a service for bulk data with relaxed durability.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        self.0.bulk(name)
    }

    /// Registers the metrics of the engine's writers.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let engine = self.0.clone();
        metrics.register_collector(move || {
            let (services, bulk) = (engine.statistics(), engine.bulk_statistics());
            metrics::samples(&[("services", services), ("bulk", bulk)])
        });
    }

    /// Completes with the reason when the log has failed and the process must stop.
    pub(crate) async fn failed(&self) -> String {
        self.0.failed().await
    }

    /// Flushes everything, and releases the folder.
    pub(crate) async fn close(self) -> Result<(), CommitError> {
        self.0.close().await
    }
}
