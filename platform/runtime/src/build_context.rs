//! What a service is given to be built with: its own ports, and nothing of anybody else's.

use crate::{BuildError, Module, TaskTracker};
use journal::ServiceStorage;
use kernel::Ids;
use settings::Settings;
use std::sync::Arc;
use telemetry::{Health, Metrics};
use transport::{Channel, Directory};

/// The building context of one service.
#[derive(Debug)]
pub struct BuildContext {
    /// Its line of the module table.
    pub module: &'static Module,
    /// Its own storage.
    pub storage: ServiceStorage,
    /// Its own storage for bulk that may lag behind, flushed apart from the shop's log.
    pub bulk: ServiceStorage,
    /// Time, randomness, identifiers.
    pub ids: Ids,
    /// Where its figures go.
    pub metrics: Metrics,
    /// Where it says how it is.
    pub health: Health,
    /// Where its background work runs.
    pub tasks: TaskTracker,
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<Directory>,
}

impl BuildContext {
    /// The way to a service that the module table says this one calls or follows.
    pub fn channel(&self, service: &'static str) -> Result<Channel, BuildError> {
        let declared =
            self.module.calls.contains(&service) || self.module.follows.contains(&service);
        if !declared {
            return Err(transport::DirectoryError(service).into());
        }
        Ok(self.directory.channel(service)?)
    }

    /// The service's settings section.
    pub fn settings<T: serde::de::DeserializeOwned>(&self) -> Result<T, BuildError> {
        Ok(self.settings.section::<T>(self.module.name)?)
    }

    /// What every service's router needs, with the idempotency layer on the service's own key-value store.
    pub fn service_parts(&self) -> web::ServiceParts {
        let values = Arc::clone(&self.storage.key_value);
        web::ServiceParts {
            metrics: self.metrics.clone(),
            ids: self.ids.clone(),
            idempotency: Some(web::Idempotency::new(self.module.name, values, self.ids.clone())),
            limits: web::Limits::default(),
        }
    }
}
