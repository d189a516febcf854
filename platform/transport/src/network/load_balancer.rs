//! Load balancer: power of two choices (P2C) over the peak-EWMA load of each endpoint.
//!
//! Of two endpoints drawn at random the less loaded one gets the request (Mitzenmacher, *The Power of Two Choices in
//! Randomized Load Balancing*, 2001). Two draws balance nearly as well as a scan of all endpoints, and unlike "the least
//! loaded" they do not send every client to the same endpoint at once.

use super::{
    CallPolicy, Endpoints,
    circuit_breaker::{BreakerPermit, CircuitBreaker},
    peak_ewma::PeakEwma,
};
use crate::Channel;
use http::Uri;
use kernel::Randomness;
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How long an endpoint may answer nothing of what is under way until others are asked first.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// Share of ready endpoints below which all are tried.
const READY_PERCENT_MIN: usize = 50;

type Connect = Box<dyn Fn(&Uri) -> Channel + Send + Sync>;

pub(super) struct LoadBalancer {
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    connect: Connect,
    endpoint_set: Mutex<EndpointSet>,
}

struct EndpointSet {
    endpoints: Endpoints,
    states: Arc<[Arc<BalancedEndpoint>]>,
}

/// Endpoint under load balancing: its channel, circuit breaker and load.
pub(super) struct BalancedEndpoint {
    base: Uri,
    transport: Channel,
    breaker: CircuitBreaker,
    load: PeakEwma,
    /// Whether it stood by for another one when it answered last.
    stands_by: AtomicBool,
    activity: Mutex<Activity>,
}

/// What an endpoint has under way.
#[derive(Debug)]
struct Activity {
    pending: u32,
    /// Since when it has answered nothing of that.
    silent_since: Instant,
    /// When it answered as the owner of its services for the first time since it stood by.
    became_owner: Option<Instant>,
}

impl BalancedEndpoint {
    pub(super) fn transport(&self) -> &Channel {
        &self.transport
    }

    fn stands_by(&self) -> bool {
        self.stands_by.load(Ordering::Relaxed)
    }

    /// Since when nothing has been answered of what is under way, if that is long ago: the process may be paused, or its machine gone.
    fn silent_since(&self) -> Option<Instant> {
        let activity = self.activity.lock();
        let is_silent = activity.pending > 0 && activity.silent_since.elapsed() >= SILENCE_MAX;
        is_silent.then_some(activity.silent_since)
    }

    fn sent(&self) {
        self.load.sent();
        let mut activity = self.activity.lock();
        if activity.pending == 0 {
            activity.silent_since = Instant::now();
        }
        activity.pending += 1;
    }

    fn answered(&self, stands_by: bool) {
        let (now, mut activity) = (Instant::now(), self.activity.lock());
        activity.silent_since = now;
        if self.stands_by.swap(stands_by, Ordering::Relaxed) && !stands_by {
            activity.became_owner = Some(now);
        }
    }

    fn ended(&self) {
        self.load.ended();
        self.activity.lock().pending -= 1;
    }
}

impl LoadBalancer {
    pub(super) fn new(
        mut endpoints: Endpoints,
        policy: &CallPolicy,
        randomness: Arc<dyn Randomness>,
        connect: Connect,
    ) -> Self {
        let first = endpoints.now();
        let endpoint_set = Mutex::new(EndpointSet { endpoints, states: Arc::new([]) });
        let balancer = Self { policy: *policy, randomness, connect, endpoint_set };
        let states = balancer.states_of(&first, &[]);
        balancer.endpoint_set.lock().states = states;
        balancer
    }

    /// Selects an endpoint for the next attempt; one of `tried` only if no other is ready, `None` if none is.
    pub(super) fn select(&self, tried: &[Arc<BalancedEndpoint>]) -> Option<SelectedEndpoint> {
        let all = self.current();
        let panics = panics(&all);
        let ready: Vec<_> = all.iter().filter(|it| panics || it.breaker.is_ready()).collect();
        let untried: Vec<_> = ready.iter().copied().filter(|it| !contains(tried, it)).collect();
        let mut candidates = if untried.is_empty() { ready } else { untried };
        // An owner that says nothing may have been replaced, which those who stood by know.
        let is_owner = |it: &&Arc<BalancedEndpoint>| !it.stands_by() && it.silent_since().is_none();
        let is_heard = |it: &&Arc<BalancedEndpoint>| it.silent_since().is_none();
        if candidates.iter().any(is_owner) {
            candidates.retain(is_owner);
        } else if candidates.iter().any(is_heard) {
            candidates.retain(is_heard);
        }
        while !candidates.is_empty() {
            let index = self.less_loaded_of_two(&candidates);
            let endpoint = candidates.swap_remove(index);
            // Another request may have taken the one probe since `is_ready`.
            let permit = endpoint.breaker.try_acquire();
            if let Some(permit) = permit.or(panics.then_some(BreakerPermit::Normal)) {
                return Some(SelectedEndpoint::new(Arc::clone(endpoint), permit));
            }
        }
        None
    }

    /// Whether an endpoint says nothing since before another one, which stood by, has become the owner. Of endpoints that all serve, none
    /// replaces another: one that is slow is waited for.
    pub(super) fn is_replaced(&self, endpoint: &Arc<BalancedEndpoint>) -> bool {
        let Some(since) = endpoint.silent_since() else { return false };
        let all = self.current();
        let others = all.iter().filter(|it| !Arc::ptr_eq(it, endpoint));
        others.into_iter().any(|it| it.activity.lock().became_owner.is_some_and(|at| at > since))
    }

    /// Whether an endpoint may be selected that was not tried yet.
    pub(super) fn has_other_than(&self, tried: &[Arc<BalancedEndpoint>]) -> bool {
        let all = self.current();
        let panics = panics(&all);
        all.iter().any(|it| !contains(tried, it) && (panics || it.breaker.is_ready()))
    }

    fn less_loaded_of_two(&self, candidates: &[&Arc<BalancedEndpoint>]) -> usize {
        let count = candidates.len();
        if count == 1 {
            return 0;
        }
        let first = self.below(count);
        // Uniform over all but the first.
        let second = (first + 1 + self.below(count - 1)) % count;
        let is_less = candidates[second].load.value() < candidates[first].load.value();
        if is_less { second } else { first }
    }

    fn below(&self, bound: usize) -> usize {
        let drawn = self.randomness.below(bound as u64);
        usize::try_from(drawn).expect("it is below a usize")
    }

    fn current(&self) -> Arc<[Arc<BalancedEndpoint>]> {
        let mut endpoint_set = self.endpoint_set.lock();
        if let Some(addresses) = endpoint_set.endpoints.changed() {
            endpoint_set.states = self.states_of(&addresses, &endpoint_set.states);
        }
        Arc::clone(&endpoint_set.states)
    }

    /// The endpoints at these addresses. An endpoint that is kept keeps its breaker and its load.
    fn states_of(
        &self,
        addresses: &[Uri],
        endpoint_set: &[Arc<BalancedEndpoint>],
    ) -> Arc<[Arc<BalancedEndpoint>]> {
        let state_of = |base: &Uri| {
            let old = endpoint_set.iter().find(|endpoint| endpoint.base == *base);
            old.cloned().unwrap_or_else(|| Arc::new(self.endpoint(base)))
        };
        addresses.iter().map(state_of).collect()
    }

    fn endpoint(&self, base: &Uri) -> BalancedEndpoint {
        let CallPolicy { breaker_failures, breaker_pause, breaker_pause_max, .. } = self.policy;
        BalancedEndpoint {
            base: base.clone(),
            transport: (self.connect)(base),
            breaker: CircuitBreaker::new(breaker_failures, breaker_pause, breaker_pause_max),
            load: PeakEwma::new(self.policy.latency_memory),
            stands_by: AtomicBool::new(false),
            activity: Mutex::new(Activity {
                pending: 0,
                silent_since: Instant::now(),
                became_owner: None,
            }),
        }
    }
}

/// Panic threshold, as in Envoy: whether most of several endpoints are out. Then it is likelier that the failures have a
/// common cause than that the few others can carry the load of all, so every endpoint is tried.
fn panics(all: &[Arc<BalancedEndpoint>]) -> bool {
    let ready = all.iter().filter(|endpoint| endpoint.breaker.is_ready()).count();
    all.len() > 1 && ready * 100 < all.len() * READY_PERCENT_MIN
}

fn contains(tried: &[Arc<BalancedEndpoint>], endpoint: &Arc<BalancedEndpoint>) -> bool {
    tried.iter().any(|it| Arc::ptr_eq(it, endpoint))
}

/// Endpoint selected for one attempt. Dropping it without recording an outcome means that the attempt was cancelled.
pub(super) struct SelectedEndpoint {
    endpoint: Arc<BalancedEndpoint>,
    permit: Option<BreakerPermit>,
}

impl SelectedEndpoint {
    fn new(endpoint: Arc<BalancedEndpoint>, permit: BreakerPermit) -> Self {
        endpoint.sent();
        Self { endpoint, permit: Some(permit) }
    }

    pub(super) fn endpoint(&self) -> &Arc<BalancedEndpoint> {
        &self.endpoint
    }

    /// Records that the endpoint answered that it stands by: others are selected first, as long as there are any.
    pub(super) fn record_standby(mut self) {
        self.endpoint.answered(true);
        if let Some(permit) = self.permit.take() {
            self.endpoint.breaker.record_success(permit);
        }
    }

    /// Records that the endpoint answered, as if it had taken that long.
    pub(super) fn record_success(mut self, took: Duration) {
        self.endpoint.answered(false);
        self.endpoint.load.observe(took);
        if let Some(permit) = self.permit.take() {
            self.endpoint.breaker.record_success(permit);
        }
    }

    /// Records that the attempt failed, as if it had taken that long; returns whether that opened the breaker.
    pub(super) fn record_failure(mut self, took: Duration) -> bool {
        self.endpoint.load.observe(took);
        let opened = self.permit.take().is_some_and(|it| self.endpoint.breaker.record_failure(it));
        if opened {
            tracing::warn!(endpoint = %self.endpoint.base, "the circuit breaker of an endpoint opened");
        }
        opened
    }
}

impl Drop for SelectedEndpoint {
    fn drop(&mut self) {
        self.endpoint.ended();
        if let Some(permit) = self.permit.take() {
            self.endpoint.breaker.release(permit);
        }
    }
}
