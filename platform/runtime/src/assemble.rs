//! Builds the selected services and binds the ways between them.

use crate::{BuildContext, BuildError, Module, RouteMatch, TaskTracker, expiry_sweeper::sweep};
use axum::Router;
use journal::ServiceStorage;
use kernel::Ids;
use settings::Settings;
use std::{collections::BTreeMap, sync::Arc};
use telemetry::{Health, Metrics};
use transport::{Channel, Directory};

/// What the binary brings along: engines, clock, ways to services elsewhere.
pub struct ProcessResources<'a> {
    /// All settings.
    pub settings: Arc<Settings>,
    /// Storage of a service in the process's log.
    pub storage: &'a (dyn Fn(&'static str) -> ServiceStorage + Sync),
    /// Storage of a service for bulk.
    pub bulk: &'a (dyn Fn(&'static str) -> ServiceStorage + Sync),
    /// The way to a service that does not run here.
    pub remote: &'a (dyn Fn(&'static str) -> Option<Channel> + Sync),
    /// Time, randomness, identifiers.
    pub ids: Ids,
    /// Where figures go.
    pub metrics: Metrics,
    /// Where services say how they are.
    pub health: Health,
    /// Where background work runs.
    pub tasks: TaskTracker,
}

impl std::fmt::Debug for ProcessResources<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ProcessResources")
    }
}

/// The services that run here, wired up.
#[derive(Debug)]
pub struct Assembly {
    /// Each service's router.
    pub routers: BTreeMap<&'static str, Router>,
    /// What describes each service's routes.
    pub descriptions: BTreeMap<&'static str, web::ApiDescription>,
    /// The router of the service that answers where no document says who does.
    pub fallback: Option<Router>,
    /// The ways to all services.
    pub directory: Arc<Directory>,
}

/// Builds `selected` and binds every way of `table`: by loopback to what runs here, otherwise by `remote`. All ways
/// are bound before any service is built with a promise to use them, so the order of building does not matter;
/// a call to a service that is still being built waits for nothing and is answered as unreachable.
pub async fn assemble(
    table: &'static [Module],
    selected: &[&'static Module],
    materials: ProcessResources<'_>,
) -> Result<Assembly, (&'static str, BuildError)> {
    let directory = Arc::new(Directory::of(table.iter().map(|module| module.name)));
    for module in table {
        let here = selected.iter().any(|selected| selected.name == module.name);
        if !here && let Some(transport) = (materials.remote)(module.name) {
            directory.bind(module.name, transport).map_err(|error| (module.name, error.into()))?;
        }
    }
    let mut routers = BTreeMap::new();
    let mut descriptions = BTreeMap::new();
    let mut fallback = None;
    for module in selected {
        let storage = (materials.storage)(module.name);
        whole(&storage).await.map_err(|error| (module.name, error))?;
        let values = Arc::clone(&storage.key_value);
        materials.tasks.spawn_until_shutdown(sweep(module.name, values, materials.ids.clone()));
        let context = BuildContext {
            module,
            storage,
            bulk: (materials.bulk)(module.name),
            ids: materials.ids.clone(),
            metrics: materials.metrics.clone(),
            health: materials.health.clone(),
            tasks: materials.tasks.clone(),
            settings: Arc::clone(&materials.settings),
            directory: Arc::clone(&directory),
        };
        let built = (module.build)(context).await.map_err(|error| (module.name, error))?;
        let loopback = transport::loopback(module.name, built.routes.router.clone());
        directory.bind(module.name, loopback).map_err(|error| (module.name, error.into()))?;
        if built.paths == RouteMatch::Fallback {
            fallback = Some(built.routes.router.clone());
        }
        routers.insert(module.name, built.routes.router);
        descriptions.insert(module.name, built.routes.description);
    }
    materials.tasks.begin();
    Ok(Assembly { routers, descriptions, fallback, directory })
}

/// Read models that are only half there would be taken for all there is.
async fn whole(storage: &ServiceStorage) -> Result<(), BuildError> {
    if journal::maintenance::rebuild_is_incomplete(storage).await? {
        return Err(BuildError::Other(
            "the rebuild of its read models was broken off; run it again".to_owned(),
        ));
    }
    Ok(())
}
