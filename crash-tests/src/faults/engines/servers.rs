//! Servers of a shop under test: `PostgreSQL`, a message bus and a store of losable values, each with a proxy before it.

use super::{
    engine_fault::{EngineFault, FailingServer, FaultKind},
    registration_limit,
};
use crate::{
    shop::Program,
    violation::{CheckResult, Violation},
};
use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use test_servers::{
    AnyServer, Durability, KafkaServer, PostgresServer, Proxy, RabbitServer, RedisServer,
    ToxiproxyServer,
};

/// Partitions of the bus: with `RabbitMQ`, each is a quorum queue for each group.
const PARTITIONS: &str = "2";
/// Where a proxy leads until its server has an address.
const NOWHERE: &str = "127.0.0.1:1";

/// Message bus of a shop under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusEngine {
    /// Kafka.
    Kafka,
    /// `RabbitMQ`.
    RabbitMq,
    /// Redis Streams.
    RedisStreams,
}

/// Servers of a shop: the database, and what else it uses.
#[derive(Debug)]
pub struct Engines {
    database: ProxiedServer,
    broker: Option<ProxiedServer>,
    values: Option<ProxiedServer>,
    /// Runs as long as its proxies.
    _toxiproxy: ToxiproxyServer,
}

/// Server with a proxy before it.
#[derive(Debug)]
struct ProxiedServer {
    /// Shared with the thread that waits for its start or stop, while the load goes on.
    server: Arc<Mutex<Box<dyn AnyServer>>>,
    proxy: Proxy,
    /// URL that leads through the proxy.
    url: String,
    /// Whether the shop bears that the server loses everything.
    can_lose: bool,
}

impl Engines {
    /// Starts the servers whose programs the environment names; `cargo xtask` finds them.
    pub fn start(bus: Option<BusEngine>, has_values: bool) -> CheckResult<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST, bus, has_values)
    }

    /// The same, with a database that is reached at this address of the machine.
    pub(crate) fn start_at(
        host: Ipv4Addr,
        bus: Option<BusEngine>,
        has_values: bool,
    ) -> CheckResult<Self> {
        let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program()?)?;
        let server = PostgresServer::start(&test_servers::postgres_programs()?, Durability::Full)?;
        let proxy = toxiproxy.proxy_at(host, "database", &server.address())?;
        let url = format!("postgres://postgres@{}/postgres", proxy.address());
        let database = ProxiedServer::new(server, proxy, url, false);
        let broker = bus.map(|bus| bus.start(&toxiproxy)).transpose()?;
        let values = has_values.then(|| redis("values", &toxiproxy)).transpose()?;
        Ok(Self { database, broker, values, _toxiproxy: toxiproxy })
    }

    /// The program with the settings that lead to the servers.
    pub(crate) fn configure(&self, program: &Program) -> Program {
        let mut program = program
            .clone()
            .with("ICOMMERCE_STORAGE__ENGINE", "postgres")
            .with("ICOMMERCE_STORAGE__URL", &self.database.url)
            .with("ICOMMERCE_STORAGE__MIGRATE_AT_START", "true");
        if let Some(broker) = &self.broker {
            let engine = broker.url.split("://").next().map(|scheme| match scheme {
                "amqp" => "rabbitmq",
                "redis" => "redis-streams",
                kafka => kafka,
            });
            program = program
                .with("ICOMMERCE_BUS__ENGINE", engine.unwrap_or_default())
                .with("ICOMMERCE_BUS__URL", &broker.url)
                .with("ICOMMERCE_BUS__PARTITIONS", PARTITIONS);
        }
        if let Some(values) = &self.values {
            program = registration_limit::configure(program)
                .with("ICOMMERCE_STORAGE__KEY_VALUE__ENGINE", "redis")
                .with("ICOMMERCE_STORAGE__KEY_VALUE__URL", &values.url);
        }
        program
    }

    /// Every fault of the servers that there are, of these alone if any are named: the servers take turns.
    pub fn faults(&self, only: &[FailingServer]) -> Vec<EngineFault> {
        let servers = [FailingServer::Database, FailingServer::Broker, FailingServer::Values];
        let mut faults: Vec<(usize, EngineFault)> = Vec::new();
        for server in servers.into_iter().filter(|it| only.is_empty() || only.contains(it)) {
            let Some(proxied) = self.server(server) else { continue };
            let kinds = server.kinds(proxied.can_lose).into_iter().enumerate();
            faults.extend(kinds.map(|(turn, kind)| (turn, EngineFault { server, kind })));
        }
        faults.sort_by_key(|(turn, fault)| (*turn, fault.server));
        faults.into_iter().map(|(_, fault)| fault).collect()
    }

    /// Begins a fault; those that kill the shop are the caller's as far as the shop is concerned.
    pub(crate) async fn begin(&self, fault: EngineFault, latency: Duration) -> CheckResult {
        let server = self.failing(fault)?;
        match fault.kind {
            FaultKind::Pause => server.change(AnyServer::pause).await,
            FaultKind::Slow => Ok(server.proxy.add_latency(latency)?),
            FaultKind::Cut => Ok(server.proxy.disable()?),
            FaultKind::HoldCommits => server.change(AnyServer::hold_commits).await,
            FaultKind::Flush => server.change(AnyServer::flush).await,
            FaultKind::Restart => server.change(AnyServer::stop).await,
            FaultKind::Kill | FaultKind::KillBoth => server.change(AnyServer::kill).await,
            FaultKind::KillShop => Ok(()),
        }
    }

    /// Ends a fault.
    pub(crate) async fn end(&self, fault: EngineFault) -> CheckResult {
        let server = self.failing(fault)?;
        match fault.kind {
            FaultKind::Pause => server.change(AnyServer::resume).await,
            FaultKind::Slow => Ok(server.proxy.remove_latency()?),
            FaultKind::Cut => Ok(server.proxy.enable()?),
            FaultKind::HoldCommits => server.change(AnyServer::release_commits).await,
            FaultKind::Restart | FaultKind::Kill | FaultKind::KillBoth => {
                server.change(AnyServer::run).await
            }
            FaultKind::Flush | FaultKind::KillShop => Ok(()),
        }
    }

    fn failing(&self, fault: EngineFault) -> CheckResult<&ProxiedServer> {
        let absent = || Violation::new(format!("the shop has no server for the fault {fault}"));
        self.server(fault.server).ok_or_else(absent)
    }

    fn server(&self, server: FailingServer) -> Option<&ProxiedServer> {
        match server {
            FailingServer::Database => Some(&self.database),
            FailingServer::Broker => self.broker.as_ref(),
            FailingServer::Values => self.values.as_ref(),
        }
    }
}

impl BusEngine {
    fn start(self, toxiproxy: &ToxiproxyServer) -> CheckResult<ProxiedServer> {
        match self {
            Self::Kafka => {
                // The broker tells its clients where it is, and has to name the proxy.
                let proxy = toxiproxy.proxy("broker", NOWHERE)?;
                let libraries = test_servers::kafka_libraries()?;
                let server = KafkaServer::start_behind(&libraries, proxy.address())?;
                proxy.redirect(&server.address())?;
                let url = format!("kafka://{}", proxy.address());
                Ok(ProxiedServer::new(server, proxy, url, false))
            }
            Self::RabbitMq => {
                let server = RabbitServer::start(&test_servers::rabbitmq_program()?)?;
                let proxy = toxiproxy.proxy("broker", &server.address())?;
                let url = server.url().replace(&server.address(), proxy.address());
                Ok(ProxiedServer::new(server, proxy, url, false))
            }
            Self::RedisStreams => redis("broker", toxiproxy),
        }
    }
}

fn redis(name: &str, toxiproxy: &ToxiproxyServer) -> CheckResult<ProxiedServer> {
    let server = RedisServer::start(&test_servers::redis_program()?)?;
    let proxy = toxiproxy.proxy(name, &server.address())?;
    let url = format!("redis://{}", proxy.address());
    Ok(ProxiedServer::new(server, proxy, url, true))
}

impl ProxiedServer {
    fn new(server: impl AnyServer + 'static, proxy: Proxy, url: String, can_lose: bool) -> Self {
        Self { server: Arc::new(Mutex::new(Box::new(server))), proxy, url, can_lose }
    }

    /// Does this with the server on a thread of its own, because the load goes on meanwhile.
    async fn change(
        &self,
        change: fn(&mut (dyn AnyServer + 'static)) -> io::Result<()>,
    ) -> CheckResult {
        let server = Arc::clone(&self.server);
        let changing = tokio::task::spawn_blocking(move || {
            change(&mut **server.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let changed = changing.await.map_err(|error| Violation::new(error.to_string()))?;
        Ok(changed?)
    }
}
