//! Embedded engine: one data folder and one log for all services of the process.

use super::{check_finished, folder_binding, metrics};
use crate::{error::CliError, modules, process::ProcessSettings};
use engine_log::{BACKUPS, FolderLock, KEY_FILE, LogEngine, LogOptions, OpenError};
pub(crate) use engine_log::{Compaction, forget_keys, key_file};
use journal::{Position, ServiceStorage, durability::CommitError};
use std::{
    io,
    path::{Path, PathBuf},
};
use storage::StorageError;
use telemetry::Metrics;

/// Open embedded engine.
#[derive(Clone, Debug)]
pub(crate) struct Embedded(LogEngine);

impl Embedded {
    /// Opens the data folder.
    pub(crate) fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        check_finished(&settings.data)?;
        folder_binding::check_for_embedded(&settings.data)?;
        Self::opened(settings).map_err(CliError::unavailable)
    }

    /// Opens an existing data folder; fails if there is none.
    pub(crate) fn open_existing(settings: &ProcessSettings) -> Result<Self, CliError> {
        check_existing(settings)?;
        Self::open(settings)
    }

    /// Opens an existing data folder; `None` when a running shop has it open.
    pub(crate) fn open_unless_served(settings: &ProcessSettings) -> Result<Option<Self>, CliError> {
        check_existing(settings)?;
        check_finished(&settings.data)?;
        folder_binding::check_for_embedded(&settings.data)?;
        match Self::opened(settings) {
            Err(OpenError::Locked { .. }) => Ok(None),
            opened => opened.map(Some).map_err(CliError::unavailable),
        }
    }

    fn opened(settings: &ProcessSettings) -> Result<Self, OpenError> {
        let disk_reserve_bytes = settings.disk_reserve_bytes;
        let master_secret = settings.master_secret.clone();
        let plaintext = modules::ALL
            .iter()
            .filter_map(|module| Some((module.name, module.plaintext?)))
            .collect();
        let options =
            LogOptions { disk_reserve_bytes, master_secret, plaintext, ..LogOptions::default() };
        LogEngine::open(&settings.data, options).map(Self)
    }

    /// Writes a backup into a folder, which must not exist, on the disk of the data folder; returns the position of the log that
    /// it stands at.
    pub(crate) fn backup(&self, target: &Path) -> io::Result<Position> {
        let services: Vec<&str> = modules::ALL.iter().map(|module| module.name).collect();
        self.0.backup(target, &services)
    }

    /// Identifier of the keys of data subjects.
    pub(crate) fn keys_id(&self) -> String {
        kernel::hex::encode(&self.0.subject_keys().store_id())
    }

    /// Secret for another purpose, which follows from those keys.
    pub(crate) fn derived_secret(&self, purpose: &str) -> [u8; 32] {
        self.0.subject_keys().derived_secret(purpose)
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

    /// Compacts the logs.
    pub(crate) async fn compact(&self) -> Result<Compaction, StorageError> {
        self.0.compact().await
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

/// Locks a new data folder while it is filled: no shop starts on it.
pub(crate) fn lock(folder: &Path) -> Result<FolderLock, CliError> {
    engine_log::lock(folder).map_err(CliError::unavailable)
}

/// Reads every record of a backup, and changes nothing.
pub(crate) fn verify(folder: &Path) -> Result<(), CliError> {
    LogEngine::verify(folder).map_err(CliError::unavailable)
}

/// Path of the key file of a data folder.
pub(crate) fn key_path(data: &Path) -> PathBuf {
    data.join(KEY_FILE)
}

/// Folder of the backups of a running shop, in its data folder.
pub(crate) fn backups_folder(data: &Path) -> PathBuf {
    data.join(BACKUPS)
}

/// Refuses a folder that has no shop.
pub(crate) fn check_existing(settings: &ProcessSettings) -> Result<(), CliError> {
    if LogEngine::has_filled(&settings.data) {
        return Ok(());
    }
    check_finished(&settings.data)?;
    folder_binding::check_for_embedded(&settings.data)?;
    Err(CliError::unavailable(format!(
        "{} is not a data folder of a shop; give its path with --data, or start the shop once, which makes it",
        settings.data.display()
    )))
}

/// Refuses a folder that has no shop, where it was not named with `--data`.
#[cfg(feature = "postgres")]
pub(crate) fn check_existing_folder(folder: &Path) -> Result<(), CliError> {
    check_finished(folder)?;
    if LogEngine::has_filled(folder) {
        return Ok(());
    }
    Err(CliError::unavailable(format!("{} is not a data folder of a shop", folder.display())))
}
