//! Projected read models in an engine of their own: emptied, so that the consumers that write them read their feeds again.

use crate::{
    error::CliError,
    modules,
    wiring::{InMemory, ProjectionStore},
};
use journal::{ServiceStorage, maintenance::clear};
use runtime::{Maintenance, Module, OfflineContext};
use settings::Settings;
use std::sync::Arc;
use storage::StorageError;

/// Empties those of a service. The positions go first: what a command that is broken off leaves behind is written again.
pub(super) async fn empty(
    module: &Module,
    storage: &ServiceStorage,
    maintenance: &Maintenance,
) -> Result<(), StorageError> {
    if module.projected.is_empty() {
        return Ok(());
    }
    for subscription in &maintenance.subscriptions {
        subscription.restart().await?;
    }
    for collection in module.projected {
        clear(&*storage.projections, collection).await?;
    }
    Ok(())
}

/// Empties those of every service, for a shop that is going to be restored.
pub(super) async fn empty_all(
    projections: &ProjectionStore,
    settings: &Arc<Settings>,
) -> Result<(), CliError> {
    if !projections.is_apart() {
        return Ok(());
    }
    let memory = InMemory::new();
    for module in modules::ALL {
        let storage = projections.within(module.name, memory.service(module.name));
        let offline = OfflineContext {
            name: module.name,
            bulk: storage.clone(),
            storage: storage.clone(),
            settings: Arc::clone(settings),
        };
        let maintenance = super::offline::maintenance(module, &offline)?;
        empty(module, &storage, &maintenance).await.map_err(|error| {
            let service = module.name;
            CliError::failed(format!(
                "storage.documents: the read models of {service} could not be emptied, and may be of another shop: {error}; `icommerce rebuild {service}` empties them"
            ))
        })?;
    }
    Ok(())
}
