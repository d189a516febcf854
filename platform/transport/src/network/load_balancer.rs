//! Chooses where a request goes: of two endpoints that are ready, drawn at random, the less loaded one.
//!
//! Two draws are nearly as good as looking at all of them, and unlike "the best of all" they do not send everybody
//! to the same endpoint at once.

use super::{
    CallPolicy, Endpoints,
    circuit_breaker::{CircuitBreaker, Permit},
    peak_ewma::PeakEwma,
};
use crate::Channel;
use http::Uri;
use kernel::Randomness;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

type Connect = Box<dyn Fn(&Uri) -> Channel + Send + Sync>;

pub(super) struct LoadBalancer {
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    connect: Connect,
    known: Mutex<Known>,
}

struct Known {
    endpoints: Endpoints,
    states: Arc<[Arc<Endpoint>]>,
}

/// One address, and how it does.
pub(super) struct Endpoint {
    base: Uri,
    transport: Channel,
    breaker: CircuitBreaker,
    load: PeakEwma,
}

impl Endpoint {
    pub(super) fn transport(&self) -> &Channel {
        &self.transport
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
        let known = Mutex::new(Known { endpoints, states: Arc::new([]) });
        let balance = Self { policy: *policy, randomness, connect, known };
        let states = balance.states_of(&first, &[]);
        balance.known.lock().states = states;
        balance
    }

    /// An endpoint for the next attempt; one of `tried` only if no other is ready. `None` if none is.
    pub(super) fn choose(&self, tried: &[Arc<Endpoint>]) -> Option<Chosen> {
        let all = self.current();
        let ready: Vec<_> = all.iter().filter(|endpoint| endpoint.breaker.is_ready()).collect();
        let untried: Vec<_> = ready.iter().copied().filter(|it| !contains(tried, it)).collect();
        let mut candidates = if untried.is_empty() { ready } else { untried };
        while !candidates.is_empty() {
            let index = self.less_loaded_of_two(&candidates);
            let endpoint = candidates.swap_remove(index);
            // Between the look and this, another request may have taken the one probe.
            if let Some(permit) = endpoint.breaker.admit() {
                return Some(Chosen::new(Arc::clone(endpoint), permit));
            }
        }
        None
    }

    /// Whether an attempt could go somewhere else than to those that were tried.
    pub(super) fn has_other_than(&self, tried: &[Arc<Endpoint>]) -> bool {
        self.current().iter().any(|it| !contains(tried, it) && it.breaker.is_ready())
    }

    fn less_loaded_of_two(&self, candidates: &[&Arc<Endpoint>]) -> usize {
        let count = candidates.len();
        if count == 1 {
            return 0;
        }
        let first = self.below(count);
        // Any but the first, each as likely.
        let second = (first + 1 + self.below(count - 1)) % count;
        let is_less = candidates[second].load.value() < candidates[first].load.value();
        if is_less { second } else { first }
    }

    fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.randomness.below(bound)).unwrap_or(0)
    }

    fn current(&self) -> Arc<[Arc<Endpoint>]> {
        let mut known = self.known.lock();
        if let Some(addresses) = known.endpoints.changed() {
            known.states = self.states_of(&addresses, &known.states);
        }
        Arc::clone(&known.states)
    }

    /// The endpoints at these addresses. Those that were known keep what is known of them.
    fn states_of(&self, addresses: &[Uri], known: &[Arc<Endpoint>]) -> Arc<[Arc<Endpoint>]> {
        let state_of = |base: &Uri| {
            let old = known.iter().find(|endpoint| endpoint.base == *base);
            old.cloned().unwrap_or_else(|| Arc::new(self.endpoint(base)))
        };
        addresses.iter().map(state_of).collect()
    }

    fn endpoint(&self, base: &Uri) -> Endpoint {
        let CallPolicy { breaker_failures, breaker_pause, breaker_pause_max, .. } = self.policy;
        Endpoint {
            base: base.clone(),
            transport: (self.connect)(base),
            breaker: CircuitBreaker::new(breaker_failures, breaker_pause, breaker_pause_max),
            load: PeakEwma::new(self.policy.latency_memory),
        }
    }
}

fn contains(tried: &[Arc<Endpoint>], endpoint: &Arc<Endpoint>) -> bool {
    tried.iter().any(|it| Arc::ptr_eq(it, endpoint))
}

/// An endpoint chosen for one attempt. Whoever drops it without a word has left.
pub(super) struct Chosen {
    endpoint: Arc<Endpoint>,
    permit: Option<Permit>,
}

impl Chosen {
    fn new(endpoint: Arc<Endpoint>, permit: Permit) -> Self {
        endpoint.load.sent();
        Self { endpoint, permit: Some(permit) }
    }

    pub(super) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// It answered.
    pub(super) fn answered(mut self, took: Duration) {
        self.endpoint.load.observe(took);
        if let Some(permit) = self.permit.take() {
            self.endpoint.breaker.answered(permit);
        }
    }

    /// It failed; returns whether it is left alone from now on. A failure counts as an answer of `as_slow_as`:
    /// otherwise an endpoint that refuses quickly would look like the best one.
    pub(super) fn failed(mut self, as_slow_as: Duration) -> bool {
        self.endpoint.load.observe(as_slow_as);
        let opened = self.permit.take().is_some_and(|it| self.endpoint.breaker.failed(it));
        if opened {
            tracing::warn!(endpoint = %self.endpoint.base, "an endpoint fails and is left alone");
        }
        opened
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        self.endpoint.load.ended();
        if let Some(permit) = self.permit.take() {
            self.endpoint.breaker.abandoned(permit);
        }
    }
}
