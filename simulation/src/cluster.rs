//! Simulated cluster: the processes of the shop, which services run in which, and the network between them.

mod bootstrap;
mod clock;
mod database;
mod delivery;
mod document_index;
mod instance;
mod network;
mod pause;
mod process;
mod storage;

pub(crate) use bootstrap::{WEBHOOK_SECRET, with_json};
pub(crate) use database::SimulatedDatabase;
pub(crate) use instance::Instance;
pub(crate) use network::Network;
pub(crate) use process::{FlushFailure, Process};
pub(crate) use storage::OpenStorage;

use crate::{
    environment::Environment,
    oracle::Oracle,
    plan::{Plan, Topology},
    rng::SimRng,
};
use async_trait::async_trait;
use axum::{body::Body, extract::ConnectInfo};
use clock::SimulatedClock;
use delivery::{Delivery, DeliveryError};
use journal::ServiceStorage;
use network::Host;
use process::ProcessContext;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use transport::{Channel, Context, Edge, Request, Response, Transport, TransportError};

/// Address of operators: programs on the machine of the gateway, for whom the operator edge of a demonstration is open.
const OPERATOR_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// Assignments of services to processes in a fleet; a plan names one by its number.
const PLACEMENTS: [&[&[&str]]; 3] = [
    &[
        &["api-gateway"],
        &["shopping-cart-service"],
        &["product-service"],
        &["inventory-service"],
        &["order-service"],
        &["payment-service"],
        &["audit-service"],
    ],
    &[
        &["api-gateway", "order-service"],
        &["shopping-cart-service", "product-service", "inventory-service"],
        &["payment-service", "audit-service"],
    ],
    &[
        &["api-gateway", "shopping-cart-service", "product-service"],
        &["order-service", "payment-service"],
        &["inventory-service", "audit-service"],
    ],
];

/// All services in one process.
const SINGLE_PROCESS: &[&[&str]] = &[&[
    "audit-service",
    "inventory-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
    "api-gateway",
]];

/// Service with the edges, whose processes all serve.
const GATEWAY: &str = "api-gateway";

/// Assignments of services to groups of processes that share them, where each service has several.
const INSTANCE_PLACEMENTS: [&[&[&str]]; 3] = [
    &[
        &[GATEWAY],
        &["shopping-cart-service"],
        &["product-service"],
        &["inventory-service"],
        &["order-service"],
        &["payment-service"],
        &["audit-service"],
    ],
    &[
        &[GATEWAY],
        &["shopping-cart-service", "product-service", "inventory-service"],
        &["order-service"],
        &["payment-service", "audit-service"],
    ],
    &[
        &[GATEWAY],
        &["shopping-cart-service", "product-service"],
        &["order-service", "payment-service"],
        &["inventory-service", "audit-service"],
    ],
];

/// Processes and the network between them.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// Processes with a log each.
    pub(crate) processes: Vec<Arc<Process>>,
    /// Processes that share databases.
    pub(crate) instances: Vec<Arc<Instance>>,
    pub(crate) databases: Vec<Arc<SimulatedDatabase>>,
    pub(crate) network: Arc<Network>,
    /// Counts requests of clients, which go to the processes with the edges in turn.
    requests: AtomicUsize,
}

impl Cluster {
    /// Cluster of a plan, in which nothing runs yet.
    pub(crate) fn new(plan: &Plan, env: &Arc<Environment>, oracle: &Arc<Oracle>) -> Self {
        let network = Arc::new(Network::new(plan.seed, Arc::clone(env)));
        let mut skews = SimRng::stream(plan.seed, "clocks");
        let mut parts = || {
            let skew = skews.range(0, plan.fault_rates.clock_skew_ms_max);
            let context = ProcessContext {
                env: Arc::clone(env),
                oracle: Arc::clone(oracle),
                network: Arc::clone(&network),
                settings: plan.settings,
            };
            (SimulatedClock::new(env.started(), skew), context)
        };
        let mut processes = Vec::new();
        let (mut instances, mut databases) = (Vec::new(), Vec::new());
        let placement = match plan.topology {
            Topology::SingleProcess => SINGLE_PROCESS,
            Topology::Fleet => PLACEMENTS[plan.placement % PLACEMENTS.len()],
            Topology::Instances => &[],
        };
        for (index, services) in placement.iter().enumerate() {
            let (clock, context) = parts();
            processes.push(Arc::new(Process::new(index, services, clock, plan.seed, context)));
        }
        let groups = match plan.topology {
            Topology::SingleProcess | Topology::Fleet => &[],
            Topology::Instances => INSTANCE_PLACEMENTS[plan.placement % INSTANCE_PLACEMENTS.len()],
        };
        let mut sizes = SimRng::stream(plan.seed, "instances");
        for (index, services) in groups.iter().enumerate() {
            let (env, oracle) = (Arc::clone(env), Arc::clone(oracle));
            let database = SimulatedDatabase::new(index, services, plan.seed, env, oracle);
            let database = Arc::new(database);
            for _ in 0..if sizes.chance(250) { 3 } else { 2 } {
                let (clock, context) = parts();
                let (index, is_leased) = (instances.len(), !services.contains(&GATEWAY));
                let database = Arc::clone(&database);
                let instance = Instance::new(index, is_leased, database, clock, plan.seed, context);
                instances.push(Arc::new(instance));
            }
            databases.push(database);
        }
        let hosts = processes.iter().map(|process| {
            let process: Weak<Process> = Arc::downgrade(process);
            process as Weak<dyn Host>
        });
        network.attach(hosts.chain(instances.iter().map(|instance| {
            let instance: Weak<Instance> = Arc::downgrade(instance);
            instance as Weak<dyn Host>
        })));
        Self { processes, instances, databases, network, requests: AtomicUsize::new(0) }
    }

    /// Starts all processes and waits until they run.
    pub(crate) async fn start(&self) -> Result<(), String> {
        for process in &self.processes {
            process.start().await?;
        }
        for instance in &self.instances {
            instance.start()?;
        }
        while self.databases.iter().any(|database| self.owner_of(database).is_none()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Kills all processes, and starts them again.
    pub(crate) fn restart(&self) {
        let downtime = Duration::from_millis(10);
        for process in &self.processes {
            process.crash(1_000);
            process.restart_after(downtime);
        }
        for instance in &self.instances {
            instance.crash();
            instance.restart_after(downtime);
        }
    }

    /// Drops what runs in all processes.
    pub(crate) fn shut_down(&self) {
        for process in &self.processes {
            process.shut_down();
        }
        for instance in &self.instances {
            instance.shut_down();
        }
    }

    /// Withdraws all faults.
    pub(crate) fn heal(&self) {
        self.network.heal();
        for process in &self.processes {
            process.heal();
        }
        for instance in &self.instances {
            instance.heal();
        }
        for database in &self.databases {
            database.heal();
        }
    }

    /// Why the processes are not all as they should be when nothing fails; `None` when they are.
    pub(crate) fn find_unready(&self) -> Option<String> {
        for process in &self.processes {
            if !process.is_up() {
                return Some(format!("{} is not up", process.name()));
            }
            if process.storage().is_some_and(|storage| storage.unflushed_writes() > 0) {
                return Some(format!("{} has unflushed writes", process.name()));
            }
        }
        let is_ready = |instance: &&Arc<Instance>| {
            instance.serves() || (instance.is_leased() && instance.stands_by())
        };
        let unready = self.instances.iter().find(|instance| !is_ready(instance));
        if let Some(instance) = unready {
            return Some(format!("{} neither serves nor stands by", instance.name()));
        }
        self.databases.iter().find_map(|database| {
            let instances = self.instances_of(database);
            let owners: Vec<_> = instances.filter(|it| it.serves() && it.is_leased()).collect();
            let is_leased = self.instances_of(database).any(|it| it.is_leased());
            let lease = database.lease_state();
            let owner = lease.as_ref().and_then(|lease| lease.owner());
            match owners[..] {
                [] if !is_leased => None,
                [one] if owner == Some(one.name().as_str()) => None,
                _ => Some(format!("{} has {} owners", database.name(), owners.len())),
            }
        })
    }

    /// Processes that share a database.
    pub(crate) fn instances_of(
        &self,
        database: &Arc<SimulatedDatabase>,
    ) -> impl Iterator<Item = &Arc<Instance>> {
        self.instances.iter().filter(|it| Arc::ptr_eq(&it.database, database))
    }

    /// Process that serves the services of a database, and is their latest owner.
    pub(crate) fn owner_of(&self, database: &Arc<SimulatedDatabase>) -> Option<&Arc<Instance>> {
        let serving = self.instances_of(database).filter(|it| it.serves());
        serving.max_by_key(|it| it.epoch())
    }

    /// What is stored of a service.
    pub(crate) fn storage_of(&self, service: &'static str) -> Option<ServiceStorage> {
        if let Some(process) = self.processes.iter().find(|process| process.runs(service)) {
            return process.storage().map(|storage| storage.service(service));
        }
        let database = self.databases.iter().find(|it| it.services.contains(&service));
        database.map(|database| database.service(service))
    }

    /// What is stored of the bulk data of a service.
    pub(crate) fn bulk_of(&self, service: &'static str) -> Option<ServiceStorage> {
        if let Some(process) = self.processes.iter().find(|process| process.runs(service)) {
            return process.storage().map(|storage| storage.bulk(service));
        }
        let database = self.databases.iter().find(|it| it.services.contains(&service));
        database.map(|database| database.bulk(service))
    }

    /// Delivers a request to the process that serves a service, past the network.
    pub(crate) fn deliver(&self, service: &'static str, request: http::Request<Body>) -> Delivery {
        if let Some(process) = self.processes.iter().find(|process| process.runs(service)) {
            return Arc::clone(process).deliver(service, request);
        }
        let database = self.databases.iter().find(|it| it.services.contains(&service));
        match database.and_then(|database| self.owner_of(database)) {
            Some(owner) => Arc::clone(owner).deliver(service, request),
            None => Box::pin(async { Err(DeliveryError::Refused) }),
        }
    }

    /// Channel to a service from a program beside it, which no network fault concerns.
    pub(crate) fn direct_channel(self: &Arc<Self>, service: &'static str) -> Channel {
        Channel::new(DirectChannel { cluster: Arc::clone(self), service })
    }

    /// Delivers a client's request to an edge of the gateway, of which several processes may have one.
    pub(crate) fn deliver_to_edge(&self, edge: Edge, request: Request) -> Delivery {
        let mut request = request.map(Body::from);
        let received = Context::from_headers(request.headers());
        let context = Context { edge, deadline: None, actor: None, ..received };
        request.extensions_mut().insert(context);
        if edge == Edge::Operator {
            request.extensions_mut().insert(ConnectInfo(OPERATOR_ADDRESS));
        }
        let gateways = self.instances.iter().filter(|it| it.runs(GATEWAY) && it.is_up());
        let gateways: Vec<_> = gateways.collect();
        if gateways.is_empty() {
            return self.deliver(GATEWAY, request);
        }
        let turn = self.requests.fetch_add(1, Ordering::Relaxed) % gateways.len();
        Arc::clone(gateways[turn]).deliver(GATEWAY, request)
    }
}

/// Channel to the process of a service, past the network.
struct DirectChannel {
    cluster: Arc<Cluster>,
    service: &'static str,
}

#[async_trait]
impl Transport for DirectChannel {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let response = self.cluster.deliver(self.service, request.map(Body::from)).await;
        response.map_err(|_| TransportError::Unreachable {
            service: self.service,
            reason: "the connection was reset".to_owned(),
        })
    }
}
