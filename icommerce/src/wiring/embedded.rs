//! Everything on the embedded engine: one data folder, one log for all services of the process.

use super::figures;
use crate::{failure::Failure, process::ProcessSettings};
use engine_sqlite::{Options, SqliteEngine};
use journal::{ServiceStorage, durability::CommitError};
use telemetry::Metrics;

/// The embedded engine, open.
#[derive(Debug)]
pub(crate) struct Embedded {
    engine: SqliteEngine,
}

impl Embedded {
    /// Opens the data folder, or says why not.
    pub(crate) fn open(settings: &ProcessSettings) -> Result<Self, Failure> {
        let options =
            Options { disk_reserve_bytes: settings.disk_reserve_bytes, ..Options::default() };
        let engine = SqliteEngine::open(&settings.data, options).map_err(Failure::missing)?;
        Ok(Self { engine })
    }

    /// Opens a data folder that somebody has filled before, or says why not.
    pub(crate) fn open_filled(settings: &ProcessSettings) -> Result<Self, Failure> {
        if !SqliteEngine::has_filled(&settings.data) {
            return Err(Failure::missing(format!(
                "{} is no data folder of a shop; say with --data where it is",
                settings.data.display()
            )));
        }
        Self::open(settings)
    }

    /// A service's own storage in the process's log.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }

    /// A service's own storage for bulk that may lag behind.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        self.engine.bulk(name)
    }

    /// Puts what its writers do on the page of figures.
    pub(crate) fn shows_on(&self, metrics: &Metrics) {
        let engine = self.engine.clone();
        metrics.register_collector(move || {
            figures::of(&[("services", engine.statistics()), ("bulk", engine.bulk_statistics())])
        });
    }

    /// Returns when the log has failed and the process has to stop, with the reason.
    pub(crate) async fn failed(&self) -> String {
        self.engine.failed().await
    }

    /// Flushes everything and lets the folder go.
    pub(crate) async fn close(self) -> Result<(), CommitError> {
        self.engine.close().await
    }
}
