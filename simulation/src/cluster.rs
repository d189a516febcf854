//! Simulated cluster: the processes of the shop, which services run in which, and the network between them.

mod bootstrap;
mod clock;
mod delivery;
mod document_index;
mod network;
mod process;
mod storage;

pub(crate) use bootstrap::{WEBHOOK_SECRET, with_json};
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
use delivery::{ConnectionReset, Delivery};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Weak},
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

/// Processes and the network between them.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) processes: Vec<Arc<Process>>,
    pub(crate) network: Arc<Network>,
}

impl Cluster {
    /// Cluster of a plan, in which nothing runs yet.
    pub(crate) fn new(plan: &Plan, env: &Arc<Environment>, oracle: &Arc<Oracle>) -> Self {
        let placement = match plan.topology {
            Topology::SingleProcess => SINGLE_PROCESS,
            Topology::Fleet => PLACEMENTS[plan.placement % PLACEMENTS.len()],
        };
        let network = Arc::new(Network::new(plan.seed, Arc::clone(env)));
        let mut skews = SimRng::stream(plan.seed, "clocks");
        let processes = placement.iter().enumerate().map(|(index, services)| {
            let skew = skews.range(0, plan.fault_rates.clock_skew_ms_max);
            let context = process::ProcessContext {
                env: Arc::clone(env),
                oracle: Arc::clone(oracle),
                network: Arc::clone(&network),
                settings: plan.settings,
            };
            let clock = SimulatedClock::new(env.started(), skew);
            Arc::new(Process::new(index, services, clock, plan.seed, context))
        });
        let processes: Vec<_> = processes.collect();
        network.attach(processes.iter().map(|process| {
            let process: Weak<Process> = Arc::downgrade(process);
            process as Weak<dyn network::Host>
        }));
        Self { processes, network }
    }

    /// Starts all processes and waits until they run.
    pub(crate) async fn start(&self) -> Result<(), String> {
        for process in &self.processes {
            process.start().await?;
        }
        Ok(())
    }

    /// Drops what runs in all processes.
    pub(crate) fn shut_down(&self) {
        for process in &self.processes {
            process.shut_down();
        }
    }

    /// Process that runs a service.
    pub(crate) fn process_of(&self, service: &str) -> Option<&Arc<Process>> {
        self.processes.iter().find(|process| process.runs(service))
    }

    /// Channel to a service from a program beside it, which no network fault concerns.
    pub(crate) fn direct_channel(self: &Arc<Self>, service: &'static str) -> Channel {
        Channel::new(DirectChannel { cluster: Arc::clone(self), service })
    }

    /// Delivers a client's request to an edge of the gateway.
    pub(crate) fn deliver_to_edge(&self, edge: Edge, request: Request) -> Delivery {
        const GATEWAY: &str = "api-gateway";
        let Some(process) = self.process_of(GATEWAY) else {
            return Box::pin(async { Err(ConnectionReset) });
        };
        let mut request = request.map(Body::from);
        let received = Context::from_headers(request.headers());
        let context = Context { edge, deadline: None, actor: None, ..received };
        request.extensions_mut().insert(context);
        if edge == Edge::Operator {
            request.extensions_mut().insert(ConnectInfo(OPERATOR_ADDRESS));
        }
        Arc::clone(process).deliver(GATEWAY, request)
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
        let service = self.service;
        let unreachable = || TransportError::Unreachable {
            service,
            reason: "the connection was reset".to_owned(),
        };
        let process = self.cluster.process_of(service).ok_or_else(unreachable)?;
        let response = Arc::clone(process).deliver(service, request.map(Body::from)).await;
        response.map_err(|ConnectionReset| unreachable())
    }
}
