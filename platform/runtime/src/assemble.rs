//! Assembly of a process: builds the selected services and binds the channels between them.

use crate::{
    BuildContext, BuildError, FleetMember, Module, RouteMatch, TaskTracker,
    origin_journal::with_origins,
};
use journal::ServiceStorage;
use kernel::Ids;
use messaging::bus::PartitionedBus;
use parking_lot::Mutex;
use rpc::ContractDirectory;
use settings::Settings;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use telemetry::{Criticality, Health, Metrics};
use transport::{Channel, Directory, RequestHandler};

/// Wrapper around the loopback channel to a service of this process, for calls of its contracts over the wire.
pub type OverWire = Arc<dyn Fn(&'static str, Channel) -> Channel + Send + Sync>;

/// Resources of the process: engines, clock, channels to remote services, telemetry, tasks.
pub struct ProcessResources<'a> {
    /// All settings.
    pub settings: Arc<Settings>,
    /// Storage of a service in the log of the process.
    pub storage: &'a (dyn Fn(&'static str) -> ServiceStorage + Sync),
    /// Bulk storage of a service.
    pub bulk: &'a (dyn Fn(&'static str) -> ServiceStorage + Sync),
    /// The channel to a service that does not run in this process.
    pub remote: &'a (dyn Fn(&'static str) -> Option<Channel> + Sync),
    /// Message bus by which events go to their consumers; `None` has consumers pull the feeds.
    pub bus: Option<PartitionedBus>,
    /// `None` has services of this process call each other's contracts with typed values. Otherwise they call over the
    /// wire, through what this makes of the loopback channel to each: for tests and simulations, which inject faults there.
    pub over_wire: Option<OverWire>,
    /// Clock, randomness and ids.
    pub ids: Ids,
    /// Registry of metrics.
    pub metrics: Metrics,
    /// Registry of health components.
    pub health: Health,
    /// Tracker of background tasks.
    pub tasks: TaskTracker,
    /// Processes of the fleet, this one included where it is among them.
    pub members: Vec<FleetMember>,
}

impl std::fmt::Debug for ProcessResources<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ProcessResources")
    }
}

/// The running services of the process, wired up.
#[derive(Debug)]
pub struct Assembly {
    /// Each service's handler of requests.
    pub routers: BTreeMap<&'static str, RequestHandler>,
    /// Each service's OpenAPI description.
    pub descriptions: BTreeMap<&'static str, web::ApiDescription>,
    /// The service for all paths that no service documents, with its handler.
    pub fallback: Option<(&'static str, RequestHandler)>,
    /// The paths below which everything is one service's, with that service.
    pub below: BTreeMap<&'static str, &'static str>,
    /// The channels to all services.
    pub directory: Arc<Directory>,
    /// The contracts that services of this process provide.
    pub contracts: Arc<ContractDirectory>,
}

/// Builds the services of `selected` and binds the channels to all services of `table`: loopback to a service of this
/// process, `remote` to any other. Channels and contracts are late-bound, so the order of building does not matter; a call to
/// a service that is still being built fails at once as unreachable.
///
/// # Errors
///
/// The name of the service that could not be built, and why.
pub async fn assemble(
    table: &'static [Module],
    selected: &[&'static Module],
    resources: ProcessResources<'_>,
) -> Result<Assembly, (&'static str, BuildError)> {
    let directory = Arc::new(Directory::of(table.iter().map(|module| module.name)));
    for module in table {
        let here = selected.iter().any(|selected| selected.name == module.name);
        if !here && let Some(transport) = (resources.remote)(module.name) {
            directory.bind(module.name, transport).map_err(|error| (module.name, error.into()))?;
        }
    }
    let contracts = Arc::new(ContractDirectory::default());
    let members: Arc<[FleetMember]> = resources.members.into();
    let names = selected.iter().map(|module| module.name);
    let local: Arc<BTreeSet<_>> = Arc::new(names.collect());
    let mut routers = BTreeMap::new();
    let mut descriptions = BTreeMap::new();
    let mut fallback = None;
    let mut below = BTreeMap::new();
    for module in selected {
        let storage = with_origins((resources.storage)(module.name), None);
        check_read_models(&storage).await.map_err(|error| (module.name, error))?;
        let context = BuildContext {
            module,
            storage,
            bulk: (resources.bulk)(module.name),
            ids: resources.ids.clone(),
            metrics: resources.metrics.clone(),
            health: resources.health.clone(),
            tasks: resources.tasks.clone(),
            settings: Arc::clone(&resources.settings),
            directory: Arc::clone(&directory),
            contracts: Arc::clone(&contracts),
            local: Arc::clone(&local),
            bus: resources.bus.clone(),
            over_wire: resources.over_wire.clone(),
            members: Arc::clone(&members),
            endpoints: Mutex::default(),
            consumers: Mutex::default(),
        };
        let health = resources.health.component(module.name, Criticality::Required);
        let built = (module.build)(context).await.map_err(|error| (module.name, error))?;
        health.up();
        let loopback = transport::loopback(module.name, built.routes.router.clone());
        directory.bind(module.name, loopback).map_err(|error| (module.name, error.into()))?;
        match built.paths {
            RouteMatch::Documented => {}
            RouteMatch::Below(paths) => below.extend(paths.iter().map(|path| (*path, module.name))),
            RouteMatch::Fallback => fallback = Some((module.name, built.routes.router.clone())),
        }
        routers.insert(module.name, built.routes.router);
        descriptions.insert(module.name, built.routes.description);
    }
    if let Some(service) = contracts.unbound() {
        return Err((
            service,
            BuildError::Other(
                "it does not provide a contract that another service calls".to_owned(),
            ),
        ));
    }
    resources.tasks.begin();
    Ok(Assembly { routers, descriptions, fallback, below, directory, contracts })
}

/// Refuses to start on read models whose rebuild did not finish: their partial content would be taken for complete.
async fn check_read_models(storage: &ServiceStorage) -> Result<(), BuildError> {
    if journal::maintenance::rebuild_is_incomplete(storage).await? {
        return Err(BuildError::Other(
            "the rebuild of its read models was broken off; run it again".to_owned(),
        ));
    }
    Ok(())
}
