//! Rate limiter by client: for each one a token bucket of requests and of the CPU time that they take, and quotas of its
//! requests in progress and of the bytes of their bodies.
//!
//! The token bucket has a steady refill rate and a capacity of one burst (GCRA). A request costs one token when it begins;
//! one that took more CPU time than a token stands for costs the difference when it ends. So a client that asks for
//! expensive answers may ask for fewer of them.

use crate::quota::Quota;
use kernel::{Problem, codes};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;
use web::ClientKey;

/// Number of shards, so that requests rarely contend for the same lock.
const SHARDS: usize = 16;
/// Number of clients tracked by a shard. Further ones share a state, so that a distributed attack is limited too and its
/// memory bounded.
const SHARD_CLIENTS_MAX: usize = 4_096;
/// Interval at which a full shard looks for clients without a debt to evict.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Limits of each client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLimits {
    /// Requests per second on average; 0 for no limit.
    pub(crate) requests_per_second: u32,
    /// Requests at once.
    pub(crate) requests_burst: u32,
    /// CPU time that a token stands for.
    pub(crate) request_cpu: Duration,
    /// Requests in progress.
    pub(crate) requests_max: usize,
    /// Bytes of bodies in progress.
    pub(crate) body_bytes_max: usize,
}

/// Limiter of all clients.
#[derive(Debug)]
pub(crate) struct ClientLimiter {
    limits: ClientLimits,
    /// Refill time of one token, and of a whole bucket; `None` for no limit.
    refill: Option<(Duration, Duration)>,
    shards: [Mutex<ClientShard>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct ClientShard {
    clients: HashMap<ClientKey, Arc<ClientState>>,
    /// State shared by all clients that are not tracked.
    overflow: Option<Arc<ClientState>>,
    swept_at: Option<Instant>,
}

/// State of a client.
#[derive(Debug)]
pub(crate) struct ClientState {
    /// The bucket, as the instant at which it will be full again: no timer has to refill it.
    full_at: Mutex<Instant>,
    /// Requests in progress.
    pub(crate) requests: Quota,
    /// Bytes of bodies in progress.
    pub(crate) body_bytes: Quota,
}

/// Refusal because the bucket is empty; a token is available again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitExceeded(pub(crate) Duration);

impl ClientLimiter {
    pub(crate) fn new(limits: ClientLimits) -> Self {
        let interval = Duration::from_secs(1).checked_div(limits.requests_per_second);
        let burst = limits.requests_burst.max(1);
        let refill = interval.map(|interval| (interval, interval.saturating_mul(burst)));
        let (shards, hasher) = (std::array::from_fn(|_| Mutex::default()), RandomState::new());
        Self { limits, refill, shards, hasher }
    }

    /// State of the client at an address.
    pub(crate) fn client(&self, address: IpAddr, now: Instant) -> Arc<ClientState> {
        let client = ClientKey::at(address);
        let shard = self.hasher.hash_one(client) % SHARDS as u64;
        let shard = usize::try_from(shard).expect("a remainder of SHARDS is small");
        let mut shard = self.shards[shard].lock();
        if let Some(state) = shard.clients.get(&client) {
            return Arc::clone(state);
        }
        let new = || Arc::new(ClientState::new(&self.limits, now));
        if shard.has_capacity(now) {
            return Arc::clone(shard.clients.entry(client).or_insert_with(new));
        }
        Arc::clone(shard.overflow.get_or_insert_with(new))
    }

    /// Takes a token for one request, or tells the time until one is available.
    pub(crate) fn take_token(
        &self,
        client: &ClientState,
        now: Instant,
    ) -> Result<(), RateLimitExceeded> {
        let Some((interval, burst)) = self.refill else { return Ok(()) };
        let mut full_at = client.full_at.lock();
        let after = (*full_at).max(now) + interval;
        let missing = after.saturating_duration_since(now + burst);
        if !missing.is_zero() {
            return Err(RateLimitExceeded(missing));
        }
        *full_at = after;
        Ok(())
    }

    /// Charges the tokens that a request cost beyond its first one, up to a whole burst.
    fn charge(&self, client: &ClientState, cpu: Duration, now: Instant) {
        let Some((interval, burst)) = self.refill else { return };
        let more = cpu.saturating_sub(self.limits.request_cpu);
        if more.is_zero() {
            return;
        }
        let tokens = more.div_duration_f64(self.limits.request_cpu);
        let cost = Duration::try_from_secs_f64(interval.as_secs_f64() * tokens);
        let mut full_at = client.full_at.lock();
        // Without an upper bound for one request, a single slow one would lock its client out for minutes.
        *full_at = (*full_at).max(now) + cost.map_or(burst, |cost| cost.min(burst));
    }

    /// Runs the work of a request and charges the CPU time that it takes, also if it is cancelled.
    pub(crate) async fn metered<T>(
        &self,
        client: &ClientState,
        work: impl Future<Output = T>,
    ) -> T {
        let mut meter = CpuMeter { limiter: self, client, spent: Duration::ZERO };
        let mut work = pin!(work);
        std::future::poll_fn(|task| {
            // The time of each poll: what the work does on this thread, but not what it waits for.
            let began = Instant::now();
            let polled = work.as_mut().poll(task);
            meter.spent += began.elapsed();
            polled
        })
        .await
    }
}

/// Meter of the CPU time of a request, charged on drop.
struct CpuMeter<'a> {
    limiter: &'a ClientLimiter,
    client: &'a ClientState,
    spent: Duration,
}

impl Drop for CpuMeter<'_> {
    fn drop(&mut self) {
        self.limiter.charge(self.client, self.spent, Instant::now());
    }
}

impl ClientState {
    fn new(limits: &ClientLimits, now: Instant) -> Self {
        Self {
            full_at: Mutex::new(now),
            requests: Quota::new(limits.requests_max),
            body_bytes: Quota::new(limits.body_bytes_max),
        }
    }
}

impl ClientShard {
    /// Whether one more client can be tracked; evicts those without a debt and without requests if necessary.
    fn has_capacity(&mut self, now: Instant) -> bool {
        if self.clients.len() < SHARD_CLIENTS_MAX {
            return true;
        }
        if self.swept_at.is_none_or(|swept_at| now >= swept_at + SWEEP_EVERY) {
            self.swept_at = Some(now);
            // A state that a request still holds is not forgotten, or the client would get a second one.
            self.clients
                .retain(|_, state| Arc::strong_count(state) > 1 || *state.full_at.lock() > now);
        }
        self.clients.len() < SHARD_CLIENTS_MAX
    }
}

impl From<RateLimitExceeded> for Problem {
    fn from(RateLimitExceeded(wait): RateLimitExceeded) -> Self {
        let seconds = u32::try_from(wait.as_secs()).map_or(u32::MAX, |wait| wait.saturating_add(1));
        let title = "too many requests from your address; try again after Retry-After";
        Self::of(codes::RATE_LIMITED, title).retry_after(seconds)
    }
}

/// Problem of a request that found a quota of its client used up.
pub(crate) fn too_much_in_progress() -> Problem {
    let title = "too much is in progress from your address; try again shortly";
    Problem::of(codes::RATE_LIMITED, title).retry_after(1)
}

#[cfg(test)]
mod tests;
