//! Engine of the process, as the settings name it.

#[cfg(feature = "postgres")]
use super::Postgres;
use super::{Embedded, InMemory};
use crate::{
    error::CliError,
    process::{EngineSetting, ProcessSettings},
    shop::{FLUSH_FAILED, ShopFailure},
};
#[cfg(feature = "postgres")]
use engine_postgres::EngineFailure;
use journal::{ServiceStorage, durability::CommitError};
use telemetry::Metrics;

/// Open storage engine.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    /// Log in the data folder.
    Embedded(Embedded),
    /// Database on a server; keys and files are in the data folder.
    #[cfg(feature = "postgres")]
    Postgres(Postgres),
    /// None: the services of this process store nothing.
    Nothing(InMemory),
}

impl Engine {
    /// Storage for services that store nothing.
    pub(crate) fn nothing() -> Self {
        Self::Nothing(InMemory::new())
    }

    /// Opens the storage, and begins a new data folder where there is none.
    /// The services with these epochs are those whose lease the process has.
    pub(crate) async fn open(
        settings: &ProcessSettings,
        leased: &[(&'static str, i64)],
    ) -> Result<Self, CliError> {
        match settings.storage.engine {
            EngineSetting::Embedded => Embedded::open(settings).map(Self::Embedded),
            EngineSetting::Postgres => Self::open_postgres(settings, leased).await,
        }
    }

    /// Opens storage that exists.
    pub(crate) async fn open_existing(settings: &ProcessSettings) -> Result<Self, CliError> {
        match settings.storage.engine {
            EngineSetting::Embedded => Embedded::open_existing(settings).map(Self::Embedded),
            EngineSetting::Postgres => {
                #[cfg(feature = "postgres")]
                check_keys_exist(settings)?;
                Self::open_postgres(settings, &[]).await
            }
        }
    }

    /// Opens storage that exists; `None` when a running shop has it open.
    pub(crate) async fn open_unless_served(
        settings: &ProcessSettings,
    ) -> Result<Option<Self>, CliError> {
        match settings.storage.engine {
            EngineSetting::Embedded => {
                Embedded::open_unless_served(settings).map(|opened| opened.map(Self::Embedded))
            }
            EngineSetting::Postgres => {
                #[cfg(feature = "postgres")]
                check_keys_exist(settings)?;
                Self::open_postgres_unless_served(settings).await
            }
        }
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres_unless_served(
        settings: &ProcessSettings,
    ) -> Result<Option<Self>, CliError> {
        let opened = Postgres::open_unless_served(settings).await;
        opened.map(|opened| opened.map(Self::Postgres))
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_async, reason = "with the engine it connects")]
    async fn open_postgres_unless_served(_: &ProcessSettings) -> Result<Option<Self>, CliError> {
        Err(without_postgres())
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres(
        settings: &ProcessSettings,
        leased: &[(&'static str, i64)],
    ) -> Result<Self, CliError> {
        Postgres::open(settings, leased).await.map(Self::Postgres)
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_async, reason = "with the engine it connects")]
    async fn open_postgres(
        _: &ProcessSettings,
        _: &[(&'static str, i64)],
    ) -> Result<Self, CliError> {
        Err(without_postgres())
    }

    /// The embedded engine, if it is that one.
    pub(crate) fn embedded(&self) -> Option<&Embedded> {
        match self {
            Self::Embedded(engine) => Some(engine),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
            Self::Nothing(_) => None,
        }
    }

    /// Storage of a service.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        match self {
            Self::Embedded(engine) => engine.service(name),
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => engine.service(name),
            Self::Nothing(engine) => engine.service(name),
        }
    }

    /// Whether it has the storage of a service.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only a database is opened in part")
    )]
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Embedded(_) | Self::Nothing(_) => true,
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => engine.has(name),
        }
    }

    /// Storage of a service for bulk data with relaxed durability.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        match self {
            Self::Embedded(engine) => engine.bulk(name),
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => engine.service(name),
            Self::Nothing(engine) => engine.service(name),
        }
    }

    /// Secret for another purpose, which follows from the keys of data subjects; `None` without any.
    pub(crate) fn derived_secret(&self, purpose: &str) -> Option<[u8; 32]> {
        match self {
            Self::Embedded(engine) => Some(engine.derived_secret(purpose)),
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => Some(engine.derived_secret(purpose)),
            Self::Nothing(_) => None,
        }
    }

    /// Registers the metrics of the engine.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        match self {
            Self::Embedded(engine) => engine.register_metrics(metrics),
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => engine.register_metrics(metrics),
            Self::Nothing(_) => {}
        }
    }

    /// Completes with the reason when the storage has failed and the process must stop.
    pub(crate) async fn failed(&self) -> ShopFailure {
        match self {
            Self::Embedded(engine) => {
                ShopFailure::Failed(format!("{FLUSH_FAILED} ({})", engine.failed().await))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => match engine.failed().await {
                EngineFailure::Superseded => ShopFailure::Superseded,
                failure => ShopFailure::Failed(format!("the shop must stop: {failure}")),
            },
            Self::Nothing(_) => std::future::pending().await,
        }
    }

    /// Flushes everything, and releases the folder.
    pub(crate) async fn close(self) -> Result<(), CommitError> {
        match self {
            Self::Embedded(engine) => engine.close().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => {
                engine.close().await;
                Ok(())
            }
            Self::Nothing(_) => Ok(()),
        }
    }
}

/// Refuses a data folder without keys: one that a mistyped path names would be made.
#[cfg(feature = "postgres")]
pub(super) fn check_keys_exist(settings: &ProcessSettings) -> Result<(), CliError> {
    super::check_finished(&settings.data)?;
    if super::key_path(&settings.data).exists() {
        return Ok(());
    }
    Err(CliError::unavailable(format!(
        "{} is not the data folder of a shop; give its path with --data",
        settings.data.display()
    )))
}

/// Error of a build that lacks the engine.
#[cfg(not(feature = "postgres"))]
pub(crate) fn without_postgres() -> CliError {
    CliError::usage(
        "this build has no PostgreSQL; build with `cargo build --release --features postgres`, or `full` for every engine",
    )
    .about("storage.engine")
}
