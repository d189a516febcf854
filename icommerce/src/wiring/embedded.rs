//! Embedded `SQLite` engine: one data folder and one log for all services of the process.

use super::metrics;
use crate::{error::CliError, process::ProcessSettings};
use engine_sqlite::{Options, SqliteEngine};
use journal::{ServiceStorage, durability::CommitError};
use telemetry::Metrics;

/// Open embedded engine.
#[derive(Debug)]
pub(crate) struct Embedded {
    engine: SqliteEngine,
}

impl Embedded {
    /// Opens the data folder.
    pub(crate) fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        let options =
            Options { disk_reserve_bytes: settings.disk_reserve_bytes, ..Options::default() };
        let engine = SqliteEngine::open(&settings.data, options).map_err(CliError::unavailable)?;
        Ok(Self { engine })
    }

    /// Opens an existing data folder; fails if there is none.
    pub(crate) fn open_existing(settings: &ProcessSettings) -> Result<Self, CliError> {
        if !SqliteEngine::has_filled(&settings.data) {
            return Err(CliError::unavailable(format!(
                "{} is not a data folder of a shop; give its path with --data",
                settings.data.display()
            )));
        }
        Self::open(settings)
    }

    /// Storage of a service in the process's log.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }

    /// Storage of a service for bulk data with relaxed durability.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        self.engine.bulk(name)
    }

    /// Registers the metrics of the engine's writers.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let engine = self.engine.clone();
        metrics.register_collector(move || {
            metrics::samples(&[
                ("services", engine.statistics()),
                ("bulk", engine.bulk_statistics()),
            ])
        });
    }

    /// Completes with the reason when the log has failed and the process must stop.
    pub(crate) async fn failed(&self) -> String {
        self.engine.failed().await
    }

    /// Flushes everything, and releases the folder.
    pub(crate) async fn close(self) -> Result<(), CommitError> {
        self.engine.close().await
    }
}
