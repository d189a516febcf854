//! Running shop: storage engine, services and listeners. Started by `serve`, and by commands that need a shop.

use crate::{
    account_administration::AccountCommands,
    backups::Backups,
    demo, edges,
    error::CliError,
    listeners::{ListenerAddress, Listeners, RegistryAccess},
    modules,
    operator_edge::{ProcessToken, with_operator_edge},
    ownership::{HeldLease, Ownership, Start},
    personal_data::PersonalData,
    process::{self, ProcessSettings},
    provider_listener::ProviderListener,
    provider_settings::{Reached, check_address, issuer, with_provider},
    status_endpoints::StatusEndpoints,
    wiring::{self, Engine, InMemory, LosableStore, ProjectionStore},
};
use aide::openapi::OpenApi;
use kernel::{Clock, Ids, Randomness, SystemClock, SystemRandomness, Timestamp};
use messaging::bus::PartitionedBus;
use rpc::FleetSecret;
use runtime::{Assembly, Module, OfflineContext, ProcessResources, TaskTracker};
use settings::Settings;
use std::{collections::BTreeMap, io::IsTerminal, sync::Arc, time::Duration};
use storage::KeyValue;
use telemetry::{Health, Metrics};
use tls_files::ClientTls;
use transport::RequestHandler;
use web::{DrainOutcome, HttpService, Listener, ServeOptions};

/// Message for a failed flush.
pub(crate) const FLUSH_FAILED: &str = "the log could not be flushed: acknowledged requests are durable, all others have no effect; restart the process";

/// Sentence about a shop whose place another one has taken.
const SUPERSEDED: &str = "the shop must stop: another process serves the shop of this database now";

/// Why a shop must stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShopFailure {
    /// Another process owns the services now.
    Superseded,
    /// Anything else, as a sentence.
    Failed(String),
}

impl std::fmt::Display for ShopFailure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Superseded => SUPERSEDED,
            Self::Failed(sentence) => sentence,
        })
    }
}

/// Setting of a service that has a flag.
const MAIL_FOLDER: &str = "auth-server.mail_folder";
/// Name of the storage of the process itself.
pub(crate) const PROCESS: &str = "process";
/// Key of the issuer under which the shop was served last.
const SERVED_ISSUER: &str = "served-issuer";

/// Issuer under which the shop of this storage was served last.
pub(crate) async fn served_issuer(
    values: &dyn KeyValue,
    now: Timestamp,
) -> Result<Option<String>, CliError> {
    let stored = values.value(SERVED_ISSUER, now).await.map_err(CliError::unavailable)?;
    Ok(stored.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
}

/// Running shop.
#[derive(Debug)]
pub(crate) struct RunningShop {
    /// Address of the shop edge, if the gateway runs in this process.
    pub(crate) shop_address: Option<ListenerAddress>,
    /// Address of the operator edge, if the gateway runs in this process.
    pub(crate) operator_address: Option<ListenerAddress>,
    /// Address of the service listener, for other processes.
    pub(crate) service_address: Option<ListenerAddress>,
    /// Address of the status listener: health and metrics alone.
    pub(crate) status_address: Option<ListenerAddress>,
    /// Address of the registry, if it runs in this process.
    pub(crate) registry_address: Option<ListenerAddress>,
    /// Address of the provider of accounts, if it has a listener of its own in this process.
    pub(crate) provider_address: Option<ListenerAddress>,
    /// Token with which this process calls its own operator edge.
    pub(crate) token: ProcessToken,
    /// Whether orders can be placed here without money.
    pub(crate) has_test_payments: bool,
    engine: Engine,
    /// Lease on the services, where several processes share them.
    ownership: Option<Ownership>,
    settings: Arc<Settings>,
    services: Vec<&'static Module>,
    tasks: TaskTracker,
    ids: Ids,
    drain: Duration,
}

/// What the two edges of the gateway are made of.
struct EdgeParts<'a> {
    gateway: &'a RequestHandler,
    assembly: &'a Assembly,
    status: &'a StatusEndpoints,
    process: &'a ProcessSettings,
}

impl RunningShop {
    /// Binds the ports, opens the data folder, builds the services and starts serving.
    pub(crate) async fn start(settings: Settings) -> Result<Self, CliError> {
        // Ports before data: a second start on the same ports fails before it opens anything.
        let listeners = Listeners::of(&settings).await?;
        let held = HeldLease::default();
        let started = Self::start_at(settings, listeners, (Start::First, &held)).await;
        if started.is_err() {
            held.release().await;
        }
        started
    }

    /// [`Self::start`] at these listeners. Where several processes share the services, waits until this one owns them; whoever gives the start up
    /// gives the lease back that it holds by then.
    pub(crate) async fn start_at(
        settings: Settings,
        listeners: Listeners,
        start: (Start, &HeldLease),
    ) -> Result<Self, CliError> {
        let process = ProcessSettings::with_master_secret(&settings)?;
        let selected = modules::selected(&process)?;
        check_addresses(&settings, &selected, &listeners)?;
        let peers = process.peers()?;

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (secret, fleet) = (process.fleet_secret(&clock)?, process.fleet_tls()?);
        listeners.check_reach(&process, &settings, secret.is_some())?;
        let hosts = modules::allowed_hosts(&settings).map_err(CliError::usage)?;
        let edge_options = listeners.edge_options(&process, &settings)?;
        let mut ownership = Ownership::acquire(&process, &settings, &listeners, start).await?;
        let (losable, projections) = stores_apart(&process).await?;
        let leased = ownership.as_mut().map(Ownership::keep).unwrap_or_default();
        let (bus, engine) = bus_and_engine(&process, &selected, secret.as_ref(), &leased).await?;
        let (tasks, health, metrics) = (TaskTracker::default(), Health::new(), Metrics::new());
        engine.register_metrics(&metrics);
        wiring::follow_servers((&engine, &losable, &projections, bus.as_ref()), &health, &tasks);
        let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
        let ids = Ids::new(clock, Arc::clone(&randomness));
        let (settings, token) = completed(settings, &process, &engine, &ids, &listeners).await?;
        let credentials = (secret.as_ref(), fleet.as_ref().map(|fleet| &fleet.client));
        let resources = ProcessResources {
            settings: Arc::clone(&settings),
            storage: &|name| projections.within(name, losable.within(name, engine.service(name))),
            bulk: &|name| projections.within(name, engine.bulk(name)),
            remote: &|name| {
                wiring::channel_to(name, peers.get(name), &randomness, &metrics, credentials)
            },
            bus,
            over_wire: None,
            ids: ids.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            tasks: tasks.clone(),
            members: wiring::members(&peers, &randomness, credentials.1),
        };
        let assembly = runtime::assemble(modules::ALL, &selected, resources)
            .await
            .map_err(|(name, error)| build_error(name, &error))?;
        check_operations(&assembly)?;

        if let Some(ownership) = &mut ownership {
            ownership.stand_up(&health).await;
        }
        let status = StatusEndpoints::new(health, metrics, hosts);
        let mut running = Self {
            shop_address: None,
            operator_address: None,
            service_address: None,
            status_address: None,
            registry_address: None,
            provider_address: None,
            token,
            has_test_payments: assembly.routers.contains_key(modules::GATEWAY)
                && process::accepts_test_payments(&settings)?,
            engine,
            ownership,
            settings,
            services: selected,
            tasks,
            ids,
            drain: edge_options.drain_timeout,
        };
        let members = (secret, fleet.is_some());
        running.serve_all((&assembly, status), listeners, (&process, &edge_options), members)?;
        Ok(running)
    }

    /// Serves the listeners.
    fn serve_all(
        &mut self,
        (assembly, status): (&Assembly, StatusEndpoints),
        mut listeners: Listeners,
        (process, edge_options): (&ProcessSettings, &ServeOptions),
        members: (Option<FleetSecret>, bool),
    ) -> Result<(), CliError> {
        if let Some(gateway) = assembly.routers.get(modules::GATEWAY) {
            let edges = EdgeParts { gateway, assembly, status: &status, process };
            self.serve_edges(&edges, &mut listeners, edge_options)?;
        }
        let (options, registry_options) =
            (listeners.options(process), listeners.registry_options(process));
        let services = edges::services(assembly, status.clone(), members)?;
        self.service_address = self.serve(listeners.services, services, &options)?;
        if let Some(provider) = assembly.routers.get(modules::AUTH) {
            self.serve_provider(provider, &status, listeners.provider, edge_options)?;
        }
        if let Some(registry) = assembly.routers.get(modules::REGISTRY) {
            self.serve_registry(registry, &status, listeners.registry, &registry_options)?;
        }
        self.status_address = self.serve(listeners.status, status.alone(), &options)?;
        Ok(())
    }

    /// Serves the two edges of the gateway.
    fn serve_edges(
        &mut self,
        parts: &EdgeParts<'_>,
        listeners: &mut Listeners,
        options: &ServeOptions,
    ) -> Result<(), CliError> {
        let EdgeParts { gateway, assembly, status, process } = *parts;
        let backups = Backups::new(&self.engine, process, &self.ids, &self.tasks)?;
        let (personal_data, accounts) = maintained(assembly)?;
        let shop_edge = edges::shop_edge(gateway.clone(), status.clone());
        let own = (&backups, &personal_data, &accounts);
        let operator_edge = edges::operator_edge(gateway.clone(), status.clone(), own);
        self.shop_address = self.serve(listeners.shop.take(), shop_edge, options)?;
        self.operator_address = self.serve(listeners.operator.take(), operator_edge, options)?;
        Ok(())
    }

    /// Serves the provider of accounts at its own listener, if it has one.
    fn serve_provider(
        &mut self,
        provider: &RequestHandler,
        status: &StatusEndpoints,
        listener: Option<Listener>,
        options: &ServeOptions,
    ) -> Result<(), CliError> {
        let Some(listener) = listener else { return Ok(()) };
        let issuer = issuer(&self.settings)?;
        let provider = auth_server::at_own_listener(provider.clone(), &issuer)
            .ok_or_else(|| CliError::usage("it is no issuer").about("auth-server.issuer"))?;
        let provider = transport::loopback(modules::AUTH, provider);
        let (ids, metrics) = (self.ids.clone(), status.registry());
        let provider = modules::provider_listener(&self.settings, provider, ids, metrics)
            .map_err(|error| build_error(modules::GATEWAY, &error))?;
        let provider = edges::provider(provider, status.clone());
        self.provider_address = self.serve(Some(listener), provider, options)?;
        Ok(())
    }

    /// Serves the registry at its own listener.
    fn serve_registry(
        &mut self,
        registry: &RequestHandler,
        status: &StatusEndpoints,
        listener: Option<Listener>,
        options: &ServeOptions,
    ) -> Result<(), CliError> {
        let is_guarded = RegistryAccess::is_guarded(&self.settings)?;
        let registry = edges::registry(registry.clone(), status.clone(), is_guarded);
        self.registry_address = self.serve(listener, registry, options)?;
        Ok(())
    }

    /// Whether the services of this process store anything.
    pub(crate) fn has_storage(&self) -> bool {
        modules::need_storage(&self.services)
    }

    /// TLS towards the operator edge of this shop, if that speaks it.
    pub(crate) fn operator_certificate(&self) -> Result<Option<ClientTls>, CliError> {
        let process: ProcessSettings = self.settings.top().map_err(CliError::usage)?;
        process.own_operator_tls()
    }

    /// Key-value store of the process itself.
    pub(crate) fn process_store(&self) -> Arc<dyn KeyValue> {
        self.engine.service(PROCESS).key_value
    }

    /// Remembers the issuer for commands that work on the folder while nobody serves it: their links lead to where the shop was.
    pub(crate) async fn remember_issuer(&self) -> Result<(), CliError> {
        let (values, issuer) = (self.process_store(), issuer(&self.settings)?);
        if served_issuer(&*values, self.ids.now()).await?.as_deref() != Some(&issuer) {
            let put = values.put(SERVED_ISSUER, issuer.into(), None).await;
            drop(put.map_err(CliError::unavailable)?);
        }
        Ok(())
    }

    /// Storage and settings of a service, if it runs in this process.
    pub(crate) fn context_of(&self, service: &'static str) -> Option<OfflineContext> {
        self.services.iter().find(|module| module.name == service)?;
        Some(OfflineContext {
            name: service,
            storage: self.engine.service(service),
            bulk: self.engine.bulk(service),
            settings: Arc::clone(&self.settings),
        })
    }

    /// Source of timestamps and identifiers.
    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Whether several processes share the services, of which this one owns them.
    pub(crate) fn is_leased(&self) -> bool {
        self.ownership.is_some()
    }

    /// Completes when the storage has failed, or another process owns the services, and the shop must stop.
    pub(crate) async fn failed(&self) -> ShopFailure {
        let Some(ownership) = &self.ownership else { return self.engine.failed().await };
        tokio::select! {
            failure = self.engine.failed() => failure,
            () = ownership.lost() => ShopFailure::Superseded,
        }
    }

    /// Graceful shutdown: stops accepting requests, drains those in flight, stops the tasks, flushes, releases the folder.
    pub(crate) async fn stop(self) -> Result<(), CliError> {
        let dropped = self.tasks.drain(self.drain).await;
        if dropped > 0 {
            tracing::warn!(dropped, "tasks were aborted at the drain timeout");
        }
        let closed = self.engine.close().await;
        if let Some(ownership) = self.ownership {
            ownership.release().await;
        }
        closed.map_err(|_| CliError::failed(FLUSH_FAILED))
    }

    fn serve(
        &self,
        listener: Option<Listener>,
        service: impl HttpService,
        options: &ServeOptions,
    ) -> Result<Option<ListenerAddress>, CliError> {
        let Some(listener) = listener else { return Ok(None) };
        let address = ListenerAddress::of(&listener)?;
        let options = options.clone();
        let mut shutdown = self.tasks.shutdown_signal();
        self.tasks.spawn(async move {
            let drained =
                web::serve(listener, service, options, async move { shutdown.wait().await }).await;
            if let DrainOutcome::Cut { connections } = drained {
                tracing::warn!(%address, connections, "connections were closed at the drain timeout");
            }
        });
        Ok(Some(address))
    }
}

/// Message bus and storage of these services.
async fn bus_and_engine(
    process: &ProcessSettings,
    selected: &[&'static Module],
    fleet: Option<&FleetSecret>,
    leased: &[(&'static str, i64)],
) -> Result<(Option<PartitionedBus>, Engine), CliError> {
    // What is wrong about the bus is said before a folder is made.
    let bus = wiring::bus(process, fleet).await?;
    let engine = if modules::need_storage(selected) {
        Engine::open(process, leased).await?
    } else {
        Engine::nothing()
    };
    let bus = wiring::partitioned(bus, process, &engine, fleet)?;
    Ok((bus, engine))
}

/// Stores of what may be elsewhere than the journal.
async fn stores_apart(
    process: &ProcessSettings,
) -> Result<(LosableStore, ProjectionStore), CliError> {
    Ok((LosableStore::open(process).await?, ProjectionStore::open(process).await?))
}

/// What the process serves at the operator edge on behalf of its services.
fn maintained(assembly: &Assembly) -> Result<(PersonalData, AccountCommands), CliError> {
    let personal_data = PersonalData::of(assembly).map_err(CliError::unavailable)?;
    let accounts = AccountCommands::of(assembly).map_err(CliError::unavailable)?;
    Ok((personal_data, accounts))
}

/// Refuses addresses of the shop and of its provider at which nobody can sign in.
fn check_addresses(
    settings: &Settings,
    selected: &[&Module],
    listeners: &Listeners,
) -> Result<(), CliError> {
    check_address(settings)?;
    if selected.iter().any(|module| module.name == modules::AUTH) {
        ProviderListener::check(settings, listeners.provider_address()?)?;
    }
    Ok(())
}

/// Settings with what follows from the data folder, the addresses of the edges, and other settings, and the token of this process.
async fn completed(
    settings: Settings,
    process: &ProcessSettings,
    engine: &Engine,
    ids: &Ids,
    listeners: &Listeners,
) -> Result<(Arc<Settings>, ProcessToken), CliError> {
    let token = ProcessToken::new(&settings, &**ids.randomness())?;
    let settings = with_operator_edge(settings, process, listeners, &token)?;
    let shop = listeners.shop.as_ref().map(ListenerAddress::of).transpose()?;
    let reached = Reached { shop, provider: listeners.provider_address()? };
    let settings = if process.demo {
        demo::with_words(settings, &*engine.service(PROCESS).key_value, ids).await?
    } else {
        settings
    };
    let is_tried_on_terminal = process.demo && std::io::stdout().is_terminal();
    Ok((with_provider(settings, reached, is_tried_on_terminal).map(Arc::new)?, token))
}

/// Refuses services with operations that the table of who may do what lacks.
fn check_operations(assembly: &Assembly) -> Result<(), CliError> {
    let operations = assembly.descriptions.iter().flat_map(|(service, description)| {
        description.operations().map(move |(method, path)| (*service, method, path))
    });
    let unlisted = modules::unlisted_operations(operations);
    if unlisted.is_empty() {
        return Ok(());
    }
    Err(CliError::failed(format!("nothing says who may use {}", unlisted.join(", "))))
}

fn build_error(name: &str, error: &runtime::BuildError) -> CliError {
    let of_mail = match error {
        runtime::BuildError::Other(sentence) => sentence.strip_prefix(MAIL_FOLDER),
        _ => None,
    };
    if let Some(reason) = of_mail.and_then(|rest| rest.strip_prefix(": ")) {
        return CliError::unavailable(reason).about(MAIL_FOLDER);
    }
    match error {
        runtime::BuildError::Setting(error) => CliError::usage(error),
        error => CliError::unavailable(format!("{name} cannot start: {error}")),
    }
}

/// OpenAPI documents of all services, built in memory without a data folder.
pub(crate) async fn documents(
    settings: Settings,
) -> Result<BTreeMap<&'static str, OpenApi>, CliError> {
    let engine = InMemory::new();
    let selected: Vec<_> = modules::ALL.iter().collect();
    let resources = ProcessResources {
        settings: Arc::new(settings),
        storage: &|name| engine.service(name),
        bulk: &|name| engine.service(name),
        remote: &|_| None,
        bus: None,
        over_wire: None,
        ids: Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness)),
        metrics: Metrics::new(),
        health: Health::new(),
        tasks: TaskTracker::default(),
        members: Vec::new(),
    };
    let assembly = runtime::assemble(modules::ALL, &selected, resources)
        .await
        .map_err(|(name, error)| build_error(name, &error))?;
    let descriptions = assembly.descriptions.into_iter();
    Ok(descriptions.map(|(service, description)| (service, description.openapi())).collect())
}
