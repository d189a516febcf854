//! Offline maintenance: the storage of a service that is not running, for checks, rebuilds and comparisons.

use crate::{BuildError, origin_journal::with_origins};
use journal::{
    Projection, ServiceStorage,
    maintenance::{Facts, InvariantChecker, ReadModel},
};
use kernel::Origin;
use messaging::Subscription;
use serde::de::DeserializeOwned;
use settings::Settings;
use std::sync::Arc;

/// Offline context of a service: its storage and settings while it is not running.
#[derive(Clone, Debug)]
pub struct OfflineContext {
    /// The service's name.
    pub name: &'static str,
    /// The service's storage.
    pub storage: ServiceStorage,
    /// The service's bulk storage.
    pub bulk: ServiceStorage,
    /// All settings.
    pub settings: Arc<Settings>,
}

impl OfflineContext {
    /// The service's settings section.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, BuildError> {
        Ok(self.settings.section::<T>(self.name)?)
    }

    /// The service's storage, for changes of this origin.
    pub fn storage_from(&self, origin: Origin) -> ServiceStorage {
        with_origins(self.storage.clone(), Some(origin))
    }
}

/// Maintenance of a service's storage: its read models, projections, invariants, facts and subscriptions.
#[derive(Default)]
pub struct Maintenance {
    /// Read models that can be rebuilt from the journal.
    pub read_models: Vec<Box<dyn ReadModel>>,
    /// Constructors of the projections with stored snapshots.
    pub projections: Vec<fn() -> Box<dyn Projection>>,
    /// Checkers of the journal's invariants.
    pub checkers: Vec<Box<dyn InvariantChecker>>,
    /// Facts for comparison with other services.
    pub facts: Vec<Facts>,
    /// Subscriptions to other services' feeds.
    pub subscriptions: Vec<Subscription>,
    /// Primary data that no journal can rebuild, as a sentence for operators.
    pub primary: Option<&'static str>,
}

impl Maintenance {
    /// The maintenance of a service without storage.
    pub fn none(_: &OfflineContext) -> Result<Self, BuildError> {
        Ok(Self::default())
    }
}

impl std::fmt::Debug for Maintenance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Maintenance")
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}
