//! A service that nobody serves, seen by whoever looks after its storage.

use crate::BuildError;
use journal::{
    Projection, ServiceStorage,
    maintenance::{Facts, InvariantChecker, ReadModel},
};
use messaging::Subscription;
use serde::de::DeserializeOwned;
use settings::Settings;
use std::sync::Arc;

/// A service's storage and settings while nobody serves it.
#[derive(Clone, Debug)]
pub struct OfflineContext {
    /// The service.
    pub name: &'static str,
    /// Its own storage.
    pub storage: ServiceStorage,
    /// Its own storage for bulk.
    pub bulk: ServiceStorage,
    /// All settings.
    pub settings: Arc<Settings>,
}

impl OfflineContext {
    /// The service's settings section.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, BuildError> {
        Ok(self.settings.section::<T>(self.name)?)
    }
}

/// What there is to look after in a service's storage.
#[derive(Default)]
pub struct Maintenance {
    /// Documents that follow from its journal.
    pub read_models: Vec<Box<dyn ReadModel>>,
    /// Makes each projection that it keeps snapshots of.
    pub projections: Vec<fn() -> Box<dyn Projection>>,
    /// Who sees that what has to be true of its journal is.
    pub checkers: Vec<Box<dyn InvariantChecker>>,
    /// What it can say to whoever compares it with other services.
    pub facts: Vec<Facts>,
    /// The feeds it follows.
    pub subscriptions: Vec<Subscription>,
    /// What it keeps that follows from no journal of its own, so that nothing can make it anew; a sentence for
    /// operators.
    pub primary: Option<&'static str>,
}

impl Maintenance {
    /// That of a service that keeps nothing.
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
