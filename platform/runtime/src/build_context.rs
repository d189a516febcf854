//! Build context of a service: its own storage, contracts of the services it declares, telemetry, tasks, settings.

use crate::{BuildError, BuiltService, FleetMember, Module, TaskTracker, assemble::OverWire};
use journal::{Journal, ServiceStorage};
use kernel::Ids;
use messaging::{
    Consumer, ConsumerParts, Handler, JournalFeed, Translate,
    bus::{GroupConsumer, PartitionedBus, Relay, RelayParts},
};
use parking_lot::Mutex;
use rpc::{CALLS_MAX, Contract, ContractDirectory, Endpoint, Feed, FeedEvent, Guard, GuardParts};
use settings::Settings;
use std::{collections::BTreeSet, sync::Arc};
use telemetry::{Health, Metrics};
use transport::{Channel, Directory};
use web::{ApiRouter, ServiceParts};

/// Build context of one service: everything that its [`Module::build`] may use. A service reaches others only through
/// contracts, channels and feeds that its line of the module table declares.
///
/// ```
/// use runtime::{BuildContext, BuildError, BuiltService};
/// use web::{ApiRouter, NoContent, routing::get};
///
/// async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
///     let routes = ApiRouter::new().api_route("/api/v1/ping", get(async || NoContent));
///     Ok(context.serve(routes))
/// }
/// ```
pub struct BuildContext {
    /// The service's line of the module table.
    pub module: &'static Module,
    /// The service's storage.
    pub storage: ServiceStorage,
    /// The service's bulk storage, which is flushed separately from the log of the process and may lag behind it.
    pub bulk: ServiceStorage,
    /// Clock, randomness and ids.
    pub ids: Ids,
    /// Registry of metrics.
    pub metrics: Metrics,
    /// Registry of health components.
    pub health: Health,
    /// Tracker of background tasks.
    pub tasks: TaskTracker,
    /// Processes of the fleet, for whoever shows how they are.
    pub members: Arc<[FleetMember]>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) contracts: Arc<ContractDirectory>,
    /// The services of this process.
    pub(crate) local: Arc<BTreeSet<&'static str>>,
    pub(crate) bus: Option<PartitionedBus>,
    pub(crate) over_wire: Option<OverWire>,
    pub(crate) endpoints: Mutex<Vec<Endpoint>>,
    /// Storage of the positions and parked messages of the service's consumers, if it has any.
    pub(crate) consumers: Mutex<Option<ServiceStorage>>,
}

impl BuildContext {
    /// The channel to a service that this one declares to call or follow; otherwise [`BuildError::Undeclared`].
    pub fn channel(&self, service: &'static str) -> Result<Channel, BuildError> {
        let declared =
            self.module.calls.contains(&service) || self.module.follows.contains(&service);
        if !declared {
            return Err(transport::DirectoryError(service).into());
        }
        Ok(self.directory.channel(service)?)
    }

    /// The contract of a service that this one declares to call or follow; otherwise [`BuildError::Undeclared`]. It may be
    /// requested before its provider exists; whether the provider runs in this process is transparent.
    pub fn contract<C: ?Sized + Contract>(&self) -> Result<Arc<C>, BuildError> {
        let channel = self.channel(C::SERVICE)?;
        match &self.over_wire {
            _ if !self.local.contains(C::SERVICE) => Ok(C::client(channel)),
            Some(over_wire) => Ok(C::client(over_wire(C::SERVICE, channel))),
            None => Ok(self.contracts.contract::<C>()),
        }
    }

    /// Whether calls of a contract stay within this process.
    pub fn is_local<C: ?Sized + Contract>(&self) -> bool {
        self.over_wire.is_none() && self.local.contains(C::SERVICE)
    }

    /// Provides a contract of this service to the others, behind its guard.
    pub fn provide<C: ?Sized + Contract>(&self, provider: Arc<C>) -> Result<(), BuildError> {
        let parts = GuardParts {
            metrics: self.metrics.clone(),
            ids: self.ids.clone(),
            calls_max: CALLS_MAX,
        };
        let guarded = C::guarded(provider, Guard::of::<C>(parts));
        let is_own = C::SERVICE == self.module.name;
        if !is_own || !self.contracts.bind::<C>(Arc::clone(&guarded)) {
            return Err(transport::DirectoryError(C::SERVICE).into());
        }
        let mut endpoints = self.endpoints.lock();
        for endpoint in rpc::endpoints(&guarded) {
            let path = endpoint.path();
            // Within a process a call finds its contract by type; between processes it would find whichever operation came last.
            if endpoints.iter().any(|known| known.path() == path) {
                return Err(BuildError::Other(format!("two operations have the path {path}")));
            }
            endpoints.push(endpoint);
        }
        Ok(())
    }

    /// Provides the feed of this service: its flushed events, translated into those of its contract. The subject of a message is
    /// the stream of its event. Where there is a message bus, they are published there as well.
    pub fn provide_feed<E: FeedEvent>(
        &self,
        translate: impl Translate<E>,
    ) -> Result<(), BuildError> {
        let journal = Arc::clone(&self.storage.journal);
        let feed: Arc<dyn Feed<E>> = Arc::new(JournalFeed::new(journal, translate));
        if let Some(bus) = &self.bus {
            let parts = RelayParts {
                bus: bus.clone(),
                storage: self.storage.clone(),
                ids: self.ids.clone(),
                metrics: self.metrics.clone(),
                health: self.health.clone(),
            };
            self.tasks.spawn_until_shutdown(Relay::new(parts, Arc::clone(&feed)).run());
        }
        self.provide::<dyn Feed<E>>(feed)
    }

    /// Consumes the feed of another service in the background, by way of the message bus where there is one. `group` is the consumer group, unique within the service; the
    /// position and parked messages are kept in `storage`, in the same commit as the handler's effects. All consumers of a
    /// service share one storage; operators find its parked messages under `/api/v1/parked/{service}`, if the gateway routes them.
    /// [`Maintenance::subscriptions`](crate::Maintenance::subscriptions) names the same group and storage.
    pub fn consume<E: FeedEvent>(
        &self,
        group: &'static str,
        storage: &ServiceStorage,
        handler: Arc<dyn Handler<E>>,
    ) -> Result<(), BuildError> {
        let parts = ConsumerParts {
            group,
            storage: storage.clone(),
            ids: self.ids.clone(),
            metrics: self.metrics.clone(),
            health: self.health.clone(),
        };
        let feed = self.contract::<dyn Feed<E>>()?;
        *self.consumers.lock() = Some(storage.clone());
        match self.bus.clone() {
            None => self.tasks.spawn_until_shutdown(Consumer::new(parts, feed, handler).run()),
            Some(bus) => {
                let name = format!("{}.{group}", self.module.name);
                let consumer = GroupConsumer::new(bus, name, parts, feed, handler);
                self.tasks.spawn_until_shutdown(consumer.run());
            }
        }
        Ok(())
    }

    /// The built service: its public routes, those of its parked messages, and the contracts provided so far.
    pub fn serve(&self, routes: ApiRouter) -> BuiltService {
        self.serve_with(routes, self.service_parts())
    }

    /// [`BuildContext::serve`] with other parts than [`BuildContext::service_parts`].
    pub fn serve_with(&self, routes: ApiRouter, parts: ServiceParts) -> BuiltService {
        if let Some(layer) = &parts.idempotency {
            self.tasks.spawn_until_shutdown(
                layer.clone().maintain(parts.limits.stored_responses_bytes_max),
            );
        }
        let endpoints = std::mem::take(&mut *self.endpoints.lock());
        let parking = self.consumers.lock().take();
        let parking = parking.map(|storage| messaging::parking_routes(self.module.name, storage));
        let routes = parking.into_iter().fold(routes, ApiRouter::merge);
        let service = web::service(self.module.name, routes, parts);
        BuiltService::documented(service.with_endpoints(endpoints, &self.ids))
    }

    /// The service's journal.
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.storage.journal)
    }

    /// The service's settings section.
    pub fn settings<T: serde::de::DeserializeOwned>(&self) -> Result<T, BuildError> {
        Ok(self.settings.section::<T>(self.module.name)?)
    }

    /// A settings section that several services share.
    pub fn section<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, BuildError> {
        Ok(self.settings.section::<T>(name)?)
    }

    /// Default parts of the request layer, with the idempotency layer on the service's own key-value store.
    pub fn service_parts(&self) -> ServiceParts {
        let values = Arc::clone(&self.storage.key_value);
        ServiceParts {
            metrics: self.metrics.clone(),
            ids: self.ids.clone(),
            idempotency: Some(web::Idempotency::new(self.module.name, values, self.ids.clone())),
            limits: web::Limits::default(),
        }
    }
}

impl std::fmt::Debug for BuildContext {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BuildContext").field("module", &self.module.name).finish_non_exhaustive()
    }
}
