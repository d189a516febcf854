//! A running shop: engine, services, listeners. Served by `serve`, and run on the side by commands that need one.

use crate::{
    edges::{self, Vitals},
    failure::Failure,
    modules,
    process::ProcessSettings,
    wiring::{self, Embedded, Forgetful},
};
use aide::openapi::OpenApi;
use axum::Router;
use kernel::{Ids, Randomness, SystemClock, SystemRandomness};
use runtime::{ProcessResources, TaskTracker};
use settings::Settings;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use storage::KeyValue;
use telemetry::{Health, Metrics};
use tokio::net::TcpListener;
use transport::Edge;
use web::{DrainOutcome, ServeOptions};

/// What is said when the last flush fails.
pub(crate) const LOST: &str = "the log could not be flushed: what was acknowledged is safe, what was not did not happen; start again";

/// A running shop.
#[derive(Debug)]
pub(crate) struct Shop {
    /// Where shoppers are served, if the gateway runs here.
    pub(crate) buyers: Option<SocketAddr>,
    /// Where operators are served, if the gateway runs here.
    pub(crate) operators: Option<SocketAddr>,
    /// Where other processes reach the services of this one.
    pub(crate) services: Option<SocketAddr>,
    engine: Embedded,
    tasks: TaskTracker,
    ids: Ids,
    drain: Duration,
}

impl Shop {
    /// Opens the data, takes the ports, builds the services and begins to answer.
    pub(crate) async fn start(settings: Settings) -> Result<Self, Failure> {
        let process: ProcessSettings = settings.top().map_err(Failure::usage)?;
        let table = modules::table()?;
        let named = (!process.services.is_empty()).then_some(process.services.as_slice());
        let selected = table.select(named).map_err(Failure::usage)?;
        let peers = process.peers()?;
        let has_gateway = selected.iter().any(|module| module.name == modules::GATEWAY);

        // Ports before data: a second start on the same ports says so without having opened anything.
        let shop = listener("listen", has_gateway, &process.listen).await?;
        let operator = listener("operator_listen", has_gateway, &process.operator_listen).await?;
        let for_peers = !process.service_listen.is_empty() || !has_gateway;
        let address = match process.service_listen.as_str() {
            "" => &process.listen,
            address => address,
        };
        let services = listener("service_listen", for_peers, address).await?;

        let engine = Embedded::open(&process)?;
        let (tasks, health, metrics) = (TaskTracker::default(), Health::new(), Metrics::new());
        engine.shows_on(&metrics);
        let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
        let ids = Ids::new(Arc::new(SystemClock), Arc::clone(&randomness));
        let materials = ProcessResources {
            settings: Arc::new(settings),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|name| wiring::way_to(name, peers.get(name), &randomness, &metrics),
            ids: ids.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            tasks: tasks.clone(),
        };
        let assembled = runtime::assemble(modules::ALL, &selected, materials)
            .await
            .map_err(|(name, error)| unbuilt(name, &error))?;

        let vitals = Vitals::new(health, metrics);
        let drain = Duration::from_millis(process.drain_timeout_ms);
        let mut running =
            Self { buyers: None, operators: None, services: None, engine, tasks, ids, drain };
        if let Some(gateway) = assembled.routers.get(modules::GATEWAY) {
            let door = |edge| edges::edge(edge, gateway.clone(), vitals.clone());
            running.buyers = running.open(shop, door(Edge::Shop));
            running.operators = running.open(operator, door(Edge::Operator));
        }
        running.services = running.open(services, edges::services(&assembled, vitals));
        Ok(running)
    }

    /// What the process itself keeps, beside what its services keep.
    pub(crate) fn own_values(&self) -> Arc<dyn KeyValue> {
        self.engine.service("process").key_value
    }

    /// Time and identifiers.
    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Returns when the log has failed and nothing can be promised any more, with the reason.
    pub(crate) async fn failed(&self) -> String {
        self.engine.failed().await
    }

    /// Stops taking requests, lets those under way end, stops the tasks, flushes, lets the folder go.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let dropped = self.tasks.drain(self.drain).await;
        if dropped > 0 {
            tracing::warn!(dropped, "tasks were still running when time was over");
        }
        self.engine.close().await.map_err(|_| Failure::work(LOST))
    }

    fn open(&self, listener: Option<TcpListener>, router: Router) -> Option<SocketAddr> {
        let listener = listener?;
        let address = listener.local_addr().ok()?;
        let options = ServeOptions { drain_timeout: self.drain, ..ServeOptions::default() };
        let mut shutdown = self.tasks.shutdown_signal();
        self.tasks.spawn(async move {
            let drained =
                web::serve(listener, router, options, async move { shutdown.wait().await }).await;
            if let DrainOutcome::Cut { connections } = drained {
                tracing::warn!(%address, connections, "connections were cut when time was over");
            }
        });
        Some(address)
    }
}

async fn listener(
    setting: &str,
    wanted: bool,
    address: &str,
) -> Result<Option<TcpListener>, Failure> {
    if !wanted {
        return Ok(None);
    }
    let address: SocketAddr = address.parse().map_err(|_| {
        Failure::usage(format!(
            "{setting}: {address:?} is not an address and port, such as 127.0.0.1:8080"
        ))
    })?;
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(Failure::missing(format!(
                "{address} is in use already; stop who uses it, or choose another port ({setting}; 0 picks a free one)"
            )))
        }
        Err(error) => {
            Err(Failure::missing(format!("cannot listen on {address} ({setting}): {error}")))
        }
    }
}

fn unbuilt(name: &str, error: &runtime::BuildError) -> Failure {
    match error {
        runtime::BuildError::Setting(error) => Failure::usage(error),
        error => Failure::missing(format!("{name} cannot start: {error}")),
    }
}

/// What every service says of its routes. They are built without a data folder and never asked anything.
pub(crate) async fn documents(
    settings: Settings,
) -> Result<BTreeMap<&'static str, OpenApi>, Failure> {
    let engine = Forgetful::new();
    let selected: Vec<_> = modules::ALL.iter().collect();
    let materials = ProcessResources {
        settings: Arc::new(settings),
        storage: &|name| engine.service(name),
        bulk: &|name| engine.service(name),
        remote: &|_| None,
        ids: Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness)),
        metrics: Metrics::new(),
        health: Health::new(),
        tasks: TaskTracker::default(),
    };
    let assembled = runtime::assemble(modules::ALL, &selected, materials)
        .await
        .map_err(|(name, error)| unbuilt(name, &error))?;
    let told = assembled.descriptions.into_iter();
    Ok(told.map(|(service, description)| (service, description.openapi())).collect())
}
