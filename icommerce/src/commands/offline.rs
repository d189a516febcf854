//! Offline access to a data folder that no process is serving, for maintenance commands.

use super::worker_runtime;
use crate::{
    cli::ProcessFlags,
    error::CliError,
    modules, process,
    process::ProcessSettings,
    provider_listener::ProviderListener,
    provider_settings::{Reached, with_provider, with_served_issuer},
    shop::{PROCESS, served_issuer},
    wiring::{Compaction, Engine, ProjectionStore},
};
use journal::Position;
use kernel::{Clock, SystemClock};
use runtime::{BuildError, Maintenance, Module, OfflineContext};
use settings::Settings;
use shop_client::{Progress, ProgressMeter, Unit};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Data folder locked by this process.
#[derive(Debug)]
pub(super) struct OfflineShop {
    engine: Engine,
    projections: ProjectionStore,
    _connections: ConnectionRuntime,
    settings: Arc<Settings>,
    pub(super) process: ProcessSettings,
}

/// Runtime that the connections of the engine live on. It may be dropped on another one.
#[derive(Debug)]
pub(super) struct ConnectionRuntime(Option<tokio::runtime::Runtime>);

impl Drop for ConnectionRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl OfflineShop {
    /// Opens and locks the folder, which must exist and must not be in use, for what needs no projected read model.
    pub(super) fn open(flags: &ProcessFlags) -> Result<Self, CliError> {
        let (settings, process) = settings(flags)?;
        let runtime = worker_runtime()?;
        let engine = runtime.block_on(Engine::open_existing(&process))?;
        let stores = (engine, ProjectionStore::Storage);
        Self::of(stores, ConnectionRuntime(Some(runtime)), settings, process)
    }

    /// The same with projected read models, which may be on a server.
    pub(super) fn with_projections(flags: &ProcessFlags) -> Result<Self, CliError> {
        let (settings, process) = settings(flags)?;
        let runtime = worker_runtime()?;
        let projections = runtime.block_on(ProjectionStore::open(&process))?;
        let engine = runtime.block_on(Engine::open_existing(&process))?;
        let stores = (engine, projections);
        Self::of(stores, ConnectionRuntime(Some(runtime)), settings, process)
    }

    /// Opens and locks the folder, which must exist; `None` when a running shop has it open.
    pub(super) fn open_unless_served(
        settings: Settings,
        process: &ProcessSettings,
    ) -> Result<Option<Self>, CliError> {
        let runtime = worker_runtime()?;
        let opened = runtime.block_on(Engine::open_unless_served(process))?;
        let connections = ConnectionRuntime(Some(runtime));
        let stores = opened.map(|engine| (engine, ProjectionStore::Storage));
        stores.map(|stores| Self::of(stores, connections, settings, process.clone())).transpose()
    }

    /// Shop whose storage was opened.
    fn of(
        (engine, projections): (Engine, ProjectionStore),
        connections: ConnectionRuntime,
        settings: Settings,
        process: ProcessSettings,
    ) -> Result<Self, CliError> {
        let values = engine.service(PROCESS).key_value;
        let served = worker_runtime()?.block_on(served_issuer(&*values, SystemClock.now()))?;
        let settings = with_served_issuer(settings, &process, served.as_deref())?;
        let provider = ProviderListener::known_address(&settings, &process)?;
        let reached = Reached { shop: process.shop_address(), provider };
        let settings = with_provider(settings, reached, false)?;
        let settings = Arc::new(settings);
        Ok(Self { engine, projections, _connections: connections, settings, process })
    }

    /// Whether the projected read models are in an engine of their own.
    pub(super) fn has_projections_apart(&self) -> bool {
        self.projections.is_apart()
    }

    /// Services that the settings name, or all.
    pub(super) fn services(&self) -> Result<Vec<&'static Module>, CliError> {
        modules::named(&self.process.services)
    }

    /// Offline context of a service: its storage and settings.
    pub(super) fn offline(&self, module: &Module) -> Result<OfflineContext, CliError> {
        let name = module.name;
        if !self.engine.has(name) {
            let reason = format!("expected {name} among them, because this command reads it");
            return Err(CliError::usage(reason).about("services"));
        }
        Ok(OfflineContext {
            name,
            storage: self.projections.within(name, self.engine.service(name)),
            bulk: self.projections.within(name, self.engine.bulk(name)),
            settings: Arc::clone(&self.settings),
        })
    }

    /// Compacts the log.
    pub(super) async fn compact(&self) -> Result<Compaction, CliError> {
        let engine = self.engine.embedded().ok_or_else(|| {
            CliError::usage("only a data folder is compacted; PostgreSQL does it by itself")
                .about("storage.engine")
        })?;
        let compacted = engine.compact().await;
        compacted.map_err(|error| CliError::failed(format!("cannot compact the log: {error}")))
    }

    /// Flushes, and releases the folder.
    pub(super) async fn close(self) -> Result<(), CliError> {
        self.engine.close().await.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED))
    }
}

/// Settings of a command, whose logging begins.
fn settings(flags: &ProcessFlags) -> Result<(Settings, ProcessSettings), CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process = ProcessSettings::with_master_secret(&settings)?;
    process.init_logging()?;
    Ok((settings, process))
}

/// Maintenance of a service: its read models, projections, checkers and facts.
pub(super) fn maintenance(
    module: &Module,
    offline: &OfflineContext,
) -> Result<Maintenance, CliError> {
    (module.maintenance)(offline).map_err(|error| match error {
        BuildError::Setting(error) => CliError::usage(error),
        error => CliError::unavailable(format!("{}: {error}", module.name)),
    })
}

/// Progress display of a pass through a journal.
pub(super) struct JournalProgress {
    work: ProgressMeter,
    reached: AtomicU64,
}

impl JournalProgress {
    /// Progress on standard error, out of `total` positions.
    pub(super) fn new(name: &'static str, total: Position) -> Self {
        let work = Progress::on_standard_error().begin(name, total, Unit::Things);
        Self { work, reached: AtomicU64::new(0) }
    }

    /// Advances the display to a position.
    pub(super) fn advance_to(&self, position: Position) {
        let before = self.reached.fetch_max(position, Ordering::Relaxed);
        self.work.advance(position.saturating_sub(before));
    }
}
