//! Embedded engine: one data folder and one log for all services of the process.

use super::metrics;
use crate::{
    error::CliError,
    process::{EngineSetting, ProcessSettings},
};
pub(crate) use engine_log::Compaction;
use engine_log::{LogEngine, LogOptions, Statistics};
use engine_sqlite::{Options, SqliteEngine};
use journal::{ServiceStorage, durability::CommitError};
use std::path::Path;
use storage::StorageError;
use telemetry::Metrics;

/// Open embedded engine.
#[derive(Clone, Debug)]
pub(crate) enum Embedded {
    /// Log, with an index of the documents beside it.
    Log(LogEngine),
    /// Everything in `SQLite`.
    Sqlite(SqliteEngine),
}

impl Embedded {
    /// Opens the data folder. A folder stays with the engine that it was begun with: nothing in it has to be converted.
    pub(crate) fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        let (folder, disk_reserve_bytes) = (&settings.data, settings.disk_reserve_bytes);
        if uses_log(folder, settings.storage.engine) {
            let options = LogOptions { disk_reserve_bytes, ..LogOptions::default() };
            return LogEngine::open(folder, options).map(Self::Log).map_err(CliError::unavailable);
        }
        let options = Options { disk_reserve_bytes, ..Options::default() };
        SqliteEngine::open(folder, options).map(Self::Sqlite).map_err(CliError::unavailable)
    }

    /// Opens an existing data folder; fails if there is none.
    pub(crate) fn open_existing(settings: &ProcessSettings) -> Result<Self, CliError> {
        if !LogEngine::has_filled(&settings.data) && !SqliteEngine::has_filled(&settings.data) {
            return Err(CliError::unavailable(format!(
                "{} is not a data folder of a shop; give its path with --data",
                settings.data.display()
            )));
        }
        Self::open(settings)
    }

    /// Storage of a service in the process's log.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        match self {
            Self::Log(engine) => engine.service(name),
            Self::Sqlite(engine) => engine.service(name),
        }
    }

    /// Storage of a service for bulk data with relaxed durability.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        match self {
            Self::Log(engine) => engine.bulk(name),
            Self::Sqlite(engine) => engine.bulk(name),
        }
    }

    /// Registers the metrics of the engine's writers.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let engine = self.clone();
        metrics.register_collector(move || {
            let [services, bulk] = engine.statistics();
            metrics::samples(&[("services", services), ("bulk", bulk)])
        });
    }

    /// Statistics of the services' log and of the bulk log.
    fn statistics(&self) -> [Statistics; 2] {
        match self {
            Self::Log(engine) => [engine.statistics(), engine.bulk_statistics()],
            Self::Sqlite(engine) => [engine.statistics(), engine.bulk_statistics()],
        }
    }

    /// Compacts the log; `None` for an engine that uses room again by itself.
    pub(crate) async fn compact(&self) -> Result<Option<Compaction>, StorageError> {
        match self {
            Self::Log(engine) => engine.compact().await.map(Some),
            Self::Sqlite(_) => Ok(None),
        }
    }

    /// Completes with the reason when the log has failed and the process must stop.
    pub(crate) async fn failed(&self) -> String {
        match self {
            Self::Log(engine) => engine.failed().await,
            Self::Sqlite(engine) => engine.failed().await,
        }
    }

    /// Flushes everything, and releases the folder.
    pub(crate) async fn close(self) -> Result<(), CommitError> {
        match self {
            Self::Log(engine) => engine.close().await,
            Self::Sqlite(engine) => engine.close().await,
        }
    }
}

/// Whether the folder is, or becomes, one of the log engine.
fn uses_log(folder: &Path, engine: EngineSetting) -> bool {
    let is_new = || !SqliteEngine::has_filled(folder);
    LogEngine::has_filled(folder) || (engine == EngineSetting::Embedded && is_new())
}
