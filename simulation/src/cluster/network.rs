//! Simulated network between processes: it delays, loses and duplicates messages, and is partitioned. The client side
//! above it is the real network transport, with its time-outs, retries and circuit breakers.

use super::delivery::{Delivery, DeliveryError};
use crate::{
    environment::{Environment, spawn},
    plan::PartitionDirection,
    rng::SimRng,
};
use async_trait::async_trait;
use axum::body::Body;
use kernel::Randomness;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};
use telemetry::Metrics;
use transport::{
    CallPolicy, Channel, Idempotent, Request, Response, Transport, TransportError, headers,
};

/// Host on the network: a process, as its peers see it.
pub(crate) trait Host: Send + Sync {
    /// Whether a service runs there.
    fn runs(&self, service: &str) -> bool;

    /// Whether it serves its services.
    fn serves(&self) -> bool;

    /// Whether this incarnation of the process is running.
    fn is_running(&self, incarnation: u64) -> bool;

    /// Delivers a request to a service.
    fn deliver(self: Arc<Self>, service: &'static str, request: http::Request<Body>) -> Delivery;
}

/// Links between all processes.
pub(crate) struct Network {
    env: Arc<Environment>,
    /// Processes by their index. They hold the network, so that it must not hold them.
    hosts: Mutex<Vec<Weak<dyn Host>>>,
    /// Partitions by sender and receiver, and until when they last.
    partitions: Mutex<BTreeMap<(usize, usize), u64>>,
    rng: Mutex<SimRng>,
}

impl Network {
    /// Network of this seed, without hosts and without partitions.
    pub(super) fn new(seed: u64, env: Arc<Environment>) -> Self {
        let rng = Mutex::new(SimRng::stream(seed, "wires"));
        Self { env, hosts: Mutex::default(), partitions: Mutex::default(), rng }
    }

    /// Attaches the hosts, in the order of their indexes.
    pub(super) fn attach(&self, hosts: impl Iterator<Item = Weak<dyn Host>>) {
        self.hosts.lock().extend(hosts);
    }

    /// Drops messages between two hosts until a moment.
    pub(crate) fn partition(
        &self,
        from: usize,
        to: usize,
        direction: PartitionDirection,
        until_ms: u64,
    ) {
        let mut partitions = self.partitions.lock();
        if direction != PartitionDirection::Backward {
            partitions.insert((from, to), until_ms);
        }
        if direction != PartitionDirection::Forward {
            partitions.insert((to, from), until_ms);
        }
    }

    /// Ends all partitions.
    pub(crate) fn heal(&self) {
        self.partitions.lock().clear();
    }

    /// Channel from an incarnation of a process to a service that runs elsewhere.
    pub(super) fn channel(
        self: &Arc<Self>,
        from: usize,
        incarnation: u64,
        service: &'static str,
        randomness: &Arc<dyn Randomness>,
        metrics: &Metrics,
    ) -> Option<Channel> {
        let runs = |host: &Weak<dyn Host>| host.upgrade().is_some_and(|host| host.runs(service));
        let hosts = self.hosts.lock();
        let endpoints = hosts.iter().enumerate().filter(|(_, host)| runs(host));
        let endpoints: BTreeMap<String, usize> =
            endpoints.map(|(index, _)| (format!("process-{index}"), index)).collect();
        drop(hosts);
        let address = |host: &String| format!("http://{host}").parse::<http::Uri>().ok();
        let addresses: Vec<_> = endpoints.keys().filter_map(address).collect();
        if addresses.is_empty() {
            return None;
        }
        let network = Arc::clone(self);
        let connect = move |address: &http::Uri| {
            let to = address.host().and_then(|host| endpoints.get(host)).copied();
            let to = to.unwrap_or(usize::MAX);
            Channel::new(Link { network: Arc::clone(&network), from, incarnation, to, service })
        };
        let (policy, randomness) = (CallPolicy::default(), Arc::clone(randomness));
        Some(transport::network_over(
            service,
            addresses.into(),
            policy,
            randomness,
            metrics,
            connect,
        ))
    }

    /// Delivers a request to whoever serves a service.
    pub(super) fn forward(
        &self,
        service: &'static str,
        request: http::Request<Body>,
    ) -> Option<Delivery> {
        let hosts = self.hosts.lock();
        let mut running = hosts.iter().filter_map(Weak::upgrade);
        let owner = running.find(|host| host.runs(service) && host.serves());
        drop(hosts);
        owner.map(|owner| owner.deliver(service, request))
    }

    fn host(&self, index: usize) -> Option<Arc<dyn Host>> {
        self.hosts.lock().get(index)?.upgrade()
    }

    fn is_partitioned(&self, from: usize, to: usize) -> bool {
        let now = self.env.now_ms();
        self.partitions.lock().get(&(from, to)).is_some_and(|until| now < *until)
    }

    /// Draws the faults of one message.
    fn draw_faults(&self, request: &Request) -> MessageFaults {
        let rates = self.env.fault_rates();
        let mut rng = self.rng.lock();
        let mut delay = || {
            let usual = rng.range(0, 2);
            if rng.chance(rates.delay_permille) {
                self.env.cover("fault: message delayed");
                return Duration::from_millis(rng.range(usual, rates.delay_ms_max));
            }
            Duration::from_millis(usual)
        };
        let (request_delay, response_delay) = (delay(), delay());
        // A request that names its effect may arrive late. One that sets a state over a newer one may not, and no
        // caller claims that it may.
        let is_repeatable = request.extensions().get::<Idempotent>().is_some()
            || request.headers().contains_key(headers::IDEMPOTENCY_KEY);
        MessageFaults {
            request_delay,
            response_delay,
            is_request_lost: rng.chance(rates.request_loss_permille),
            is_response_lost: rng.chance(rates.response_loss_permille),
            duplicated_after: (is_repeatable && rng.chance(rates.duplication_permille))
                .then(|| Duration::from_millis(rng.choose(&[3, 150, 2_500, 20_000]))),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Network").field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

/// Link from an incarnation of one process to a service of another.
struct Link {
    network: Arc<Network>,
    from: usize,
    incarnation: u64,
    to: usize,
    service: &'static str,
}

/// Faults of one message and its response.
struct MessageFaults {
    request_delay: Duration,
    response_delay: Duration,
    is_request_lost: bool,
    is_response_lost: bool,
    /// How long after the request its duplicate arrives.
    duplicated_after: Option<Duration>,
}

impl Link {
    fn unreachable(&self, reason: &str) -> TransportError {
        TransportError::Unreachable { service: self.service, reason: reason.to_owned() }
    }
}

#[async_trait]
impl Transport for Link {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Self { network, from, to, service, .. } = self;
        let (Some(sender), Some(receiver)) = (network.host(*from), network.host(*to)) else {
            return Err(self.unreachable("the simulation has ended"));
        };
        // A crashed process sends nothing, whatever of it still runs for a moment.
        if !sender.is_running(self.incarnation) {
            return std::future::pending().await;
        }
        let faults = network.draw_faults(&request);
        tokio::time::sleep(faults.request_delay).await;
        if faults.is_request_lost || network.is_partitioned(*from, *to) {
            network.env.cover("fault: message lost");
            return std::future::pending().await;
        }
        if let Some(after) = faults.duplicated_after {
            network.env.cover("fault: message duplicated");
            let duplicate = Arc::clone(&receiver).deliver(service, request.clone().map(Body::from));
            spawn(async move {
                tokio::time::sleep(after).await;
                drop(duplicate.await);
            });
        }
        let response = receiver.deliver(service, request.map(Body::from)).await;
        let response = response.map_err(|error| match error {
            DeliveryError::Reset => self.unreachable("the connection was reset"),
            DeliveryError::Refused => TransportError::NotConnected {
                service: self.service,
                reason: "the connection was refused".to_owned(),
            },
        })?;
        tokio::time::sleep(faults.response_delay).await;
        if faults.is_response_lost || network.is_partitioned(*to, *from) {
            network.env.cover("fault: response lost");
            return std::future::pending().await;
        }
        Ok(response)
    }
}
