//! A data folder that nobody serves, for commands that look after it.

use crate::{failure::Failure, modules, process, process::ProcessSettings, wiring::Embedded};
use journal::Position;
use runtime::{BuildError, Maintenance, Module, OfflineContext};
use settings::Settings;
use shop_client::{Progress, ProgressMeter, Unit};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A data folder held by this process alone.
#[derive(Debug)]
pub(super) struct Closed {
    engine: Embedded,
    settings: Arc<Settings>,
    pub(super) process: ProcessSettings,
}

impl Closed {
    /// Takes the folder, which has to be there, and which nobody else may have.
    pub(super) fn open(flags: &crate::cli::ProcessFlags) -> Result<Self, Failure> {
        let settings = process::settings(flags, Vec::new())?;
        let process: ProcessSettings = settings.top().map_err(Failure::usage)?;
        process.begin_log()?;
        let engine = Embedded::open_filled(&process)?;
        Ok(Self { engine, settings: Arc::new(settings), process })
    }

    /// A service's storage and settings.
    pub(super) fn offline(&self, module: &Module) -> OfflineContext {
        OfflineContext {
            name: module.name,
            storage: self.engine.service(module.name),
            bulk: self.engine.bulk(module.name),
            settings: Arc::clone(&self.settings),
        }
    }

    /// Flushes and lets the folder go.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.engine.close().await.map_err(|_| Failure::work(crate::shop::LOST))
    }
}

/// What there is to look after at a service.
pub(super) fn maintenance(
    module: &Module,
    offline: &OfflineContext,
) -> Result<Maintenance, Failure> {
    (module.maintenance)(offline).map_err(|error| match error {
        BuildError::Setting(error) => Failure::usage(error),
        error => Failure::missing(format!("{}: {error}", module.name)),
    })
}

/// The modules to look after: those named, or all.
pub(super) fn selected(names: &[String]) -> Result<Vec<&'static Module>, Failure> {
    let wanted = (!names.is_empty()).then_some(names);
    modules::table()?.select(wanted).map_err(Failure::usage)
}

/// How far a walk through a journal is.
pub(super) struct Told {
    work: ProgressMeter,
    reached: AtomicU64,
}

impl Told {
    /// On standard error, of so many positions.
    pub(super) fn of(name: &'static str, total: Position) -> Self {
        let work = Progress::on_standard_error().begin(name, total, Unit::Things);
        Self { work, reached: AtomicU64::new(0) }
    }

    /// It has come to this position.
    pub(super) fn at(&self, position: Position) {
        let before = self.reached.fetch_max(position, Ordering::Relaxed);
        self.work.advance(position.saturating_sub(before));
    }
}
