//! Service under test: a few modules in one process on the memory engine, and the clients of a contract by every transport.

use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::ServiceStorage;
use kernel::{Ids, ManualClock, SeededRandomness};
use rpc::Contract;
use runtime::{
    Assembly, BuildContext, BuildFuture, Maintenance, Module, ProcessResources, TaskTracker,
};
use settings::{Flag, Settings, Sources};
use std::{future::pending, sync::Arc};
use telemetry::{Health, Metrics};
use tokio::net::TcpListener;
use transport::{
    CallPolicy, Channel, Client, Request, RequestHandler, Response, Transport, TransportError,
    chaos, loopback, network,
};
use web::{ServeOptions, serve};

/// Module of a fake service, which calls and follows no other. A fake source of a feed provides `Feed<E>` by
/// [`BuildContext::provide_feed`]; a test then appends to its journal, `engine.service(name).journal`.
pub const fn fake(name: &'static str, build: fn(BuildContext) -> BuildFuture) -> Module {
    Module {
        name,
        summary: "",
        calls: &[],
        follows: &[],
        instances: runtime::InstanceModel::OneActive,
        settings: None,
        events: None,
        plaintext: None,
        collections: &[],
        projected: &[],
        maintenance: Maintenance::none,
        build,
    }
}

/// Service under test, running with the other modules of its table on the memory engine. Its background tasks end when the
/// last clone of `tasks` is dropped. The effect of a consumer comes some time after its message: a test waits for it by what the
/// service publishes (`Feed::pull` waits for the next event), not by sleeping.
///
/// ```
/// use engine_memory::MemoryEngine;
/// use kernel::{ManualClock, Timestamp};
/// use runtime::Module;
/// use std::sync::Arc;
/// use testkit::{ServiceFixture, fake};
/// use web::{ApiRouter, NoContent, routing::get};
///
/// // The first module is under test; those that it calls or follows come after it.
/// static TABLE: &[Module] = &[fake("ping-service", |context| {
///     let routes = ApiRouter::new().api_route("/api/v1/ping", get(async || NoContent));
///     Box::pin(async move { Ok(context.serve(routes)) })
/// })];
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let fixture = ServiceFixture::start(TABLE, MemoryEngine::new(), clock, &[]).await;
/// fixture.client().get("/api/v1/ping").send_empty().await.unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct ServiceFixture {
    /// Engine of all modules.
    pub engine: MemoryEngine,
    /// Clock of all modules.
    pub clock: Arc<ManualClock>,
    /// Registry of health components.
    pub health: Health,
    /// Background tasks of all modules.
    pub tasks: TaskTracker,
    /// Handler of all routes of the service under test.
    pub router: RequestHandler,
    service: &'static str,
    client: Client,
    assembly: Assembly,
}

impl ServiceFixture {
    /// Starts the modules of a table, of which the first is under test, with these of its settings.
    ///
    /// # Panics
    ///
    /// A module cannot be built.
    pub async fn start(
        table: &'static [Module],
        engine: MemoryEngine,
        clock: Arc<ManualClock>,
        settings: &[(&str, &str)],
    ) -> Self {
        let services = engine.clone();
        Self::start_on(table, engine, clock, settings, &|name| services.service(name)).await
    }

    /// [`ServiceFixture::start`] with storage of the caller's choice, such as that of the engine behind a decorator.
    ///
    /// # Panics
    ///
    /// A module cannot be built.
    pub async fn start_on(
        table: &'static [Module],
        engine: MemoryEngine,
        clock: Arc<ManualClock>,
        settings: &[(&str, &str)],
        storage: &(dyn Fn(&'static str) -> ServiceStorage + Sync),
    ) -> Self {
        let service = table[0].name;
        let flag = |(key, value): &(&str, &str)| {
            Flag::new(format!("--{key}"), format!("{service}.{key}"), *value)
        };
        let flags = settings.iter().map(flag).collect();
        let sections = table.iter().filter_map(|module| module.settings);
        let settings = Settings::load(sections, &Sources { flags, ..Sources::default() });
        let (health, tasks) = (Health::new(), TaskTracker::default());
        let resources = ProcessResources {
            settings: Arc::new(settings.expect("the settings are valid")),
            storage,
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            bus: None,
            over_wire: None,
            ids: Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1))),
            metrics: Metrics::new(),
            health: health.clone(),
            tasks: tasks.clone(),
            members: Vec::new(),
        };
        let selected: Vec<_> = table.iter().collect();
        let assembly = runtime::assemble(table, &selected, resources).await;
        let assembly = assembly.expect("the modules can be built");
        let router = assembly.routers[service].clone();
        let client = Client::new(service, loopback(service, router.clone()));
        Self { engine, clock, health, tasks, router, service, client, assembly }
    }

    /// Client of the public API, for requests that no typed client would send.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Channel to the service within the process.
    pub fn channel(&self) -> Channel {
        loopback(self.service, self.router.clone())
    }

    /// Contract of a module with typed values, behind its guard.
    pub fn contract<C: ?Sized + Contract>(&self) -> Arc<C> {
        self.assembly.contracts.contract::<C>()
    }

    /// Contract of the service over the wire within the process, where requests arrive twice or get lost, and answers get
    /// lost. The client sends a request again until it has an answer, so all operations that are called are idempotent.
    pub fn over_lossy_wire<C: ?Sized + Contract>(&self, seed: u64) -> Arc<C> {
        C::client(Channel::new(Resend(chaos(self.channel(), seed))))
    }

    /// Contract of the service over a network connection to a listener on the loopback interface.
    ///
    /// # Panics
    ///
    /// The loopback interface has no free port.
    pub async fn over_network<C: ?Sized + Contract>(&self) -> Arc<C> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let serving = serve(listener, self.router.clone(), ServeOptions::default(), pending());
        self.tasks.spawn_until_shutdown(async {
            serving.await;
        });
        let endpoint = format!("http://{address}").parse().expect("an address is an authority");
        let randomness = Arc::new(SeededRandomness::new(1));
        let (policy, metrics) = (CallPolicy::default(), Metrics::new());
        C::client(network(self.service, vec![endpoint], policy, randomness, &metrics))
    }

    /// The contract of the service with typed values, over a lossy wire, and over a network connection.
    ///
    /// # Panics
    ///
    /// The loopback interface has no free port.
    pub async fn clients<C: ?Sized + Contract>(&self) -> [(&'static str, Arc<C>); 3] {
        [
            ("typed", self.contract::<C>()),
            ("over the wire", self.over_lossy_wire::<C>(1)),
            ("over the network", self.over_network::<C>().await),
        ]
    }
}

/// Channel that sends a request again until it is answered.
struct Resend(Channel);

#[async_trait]
impl Transport for Resend {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        loop {
            let answer = self.0.send(request.clone()).await;
            if !matches!(answer, Err(TransportError::Unreachable { .. })) {
                return answer;
            }
        }
    }
}
