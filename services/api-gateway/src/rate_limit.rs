//! Rate limiter: one token bucket per client, with a steady refill rate and a capacity of one burst (GCRA).

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};
use tokio::time::Instant;

/// Number of shards, so that requests rarely contend for the same lock.
const SHARDS: usize = 16;
/// Number of clients tracked by a shard. Further ones share a bucket, so that a distributed attack is limited too and
/// its memory bounded.
const SHARD_CLIENTS_MAX: usize = 4_096;
/// Interval at which a full shard looks for clients with full buckets to evict.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Rate limiter for all clients.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    /// Refill time of one token.
    interval: Duration,
    /// Refill time of a whole bucket.
    burst: Duration,
    shards: [Mutex<RateLimitShard>; SHARDS],
    hasher: RandomState,
}

/// Shard of the token buckets. A bucket is stored as the instant at which it will be full again: full buckets need no
/// memory, and none has to be refilled by a timer.
#[derive(Debug, Default)]
struct RateLimitShard {
    full_at: HashMap<ClientKey, Instant>,
    /// Bucket shared by all clients that are not tracked.
    overflow: Option<Instant>,
    swept_at: Option<Instant>,
}

/// Key of a client: an IPv4 address, or the /64 network of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ClientKey(u128);

impl ClientKey {
    fn at(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() & (u128::MAX << 64)),
        }
    }
}

/// Refusal because the bucket is empty; a token is available again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitExceeded(pub(crate) Duration);

impl RateLimiter {
    /// Limit of `per_second` requests on average and `burst` at once; `None` if `per_second` is 0, for no limit.
    pub(crate) fn new(per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        let burst = interval.checked_mul(burst.max(1))?;
        let (shards, hasher) = (std::array::from_fn(|_| Mutex::default()), RandomState::new());
        Some(Self { interval, burst, shards, hasher })
    }

    /// Token from a client's bucket for one request, or the time until one is available.
    pub(crate) fn try_acquire(
        &self,
        address: IpAddr,
        now: Instant,
    ) -> Result<(), RateLimitExceeded> {
        let client = ClientKey::at(address);
        let shard = usize::try_from(self.hasher.hash_one(client) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[shard].lock();
        if !shard.full_at.contains_key(&client) && !shard.has_capacity(now) {
            let overflow = shard.overflow.get_or_insert(now);
            return self.take(overflow, now);
        }
        self.take(shard.full_at.entry(client).or_insert(now), now)
    }

    fn take(&self, full_at: &mut Instant, now: Instant) -> Result<(), RateLimitExceeded> {
        let after = (*full_at).max(now) + self.interval;
        let missing = after.saturating_duration_since(now + self.burst);
        if !missing.is_zero() {
            return Err(RateLimitExceeded(missing));
        }
        *full_at = after;
        Ok(())
    }
}

impl RateLimitShard {
    /// Whether one more client can be tracked; evicts those with full buckets if necessary.
    fn has_capacity(&mut self, now: Instant) -> bool {
        if self.full_at.len() < SHARD_CLIENTS_MAX {
            return true;
        }
        if self.swept_at.is_none_or(|swept_at| now >= swept_at + SWEEP_EVERY) {
            self.swept_at = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.full_at.len() < SHARD_CLIENTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn admitted(limit: &RateLimiter, address: IpAddr, now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| limit.try_acquire(address, now).is_ok()).count()
    }

    #[test]
    fn a_client_may_send_a_burst_and_then_at_its_rate() {
        let limit = RateLimiter::new(10, 5).unwrap();
        let start = Instant::now();
        assert_eq!(admitted(&limit, ONE, start, 20), 5);
        assert_eq!(
            limit.try_acquire(ONE, start),
            Err(RateLimitExceeded(Duration::from_millis(100)))
        );
        assert_eq!(admitted(&limit, ONE, start + Duration::from_millis(250), 20), 2);
        assert_eq!(
            admitted(&limit, ONE, start + Duration::from_mins(10), 20),
            5,
            "a bucket never exceeds its burst"
        );
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        assert_eq!(admitted(&limit, other, start, 20), 5, "each client has its own bucket");
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one_client() {
        let limit = RateLimiter::new(1, 4).unwrap();
        let now = Instant::now();
        let inside = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, last, 0, 0, last));
        assert_eq!((1..=9).filter(|last| limit.try_acquire(inside(*last), now).is_ok()).count(), 4);
        let beside = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1));
        assert_eq!(limit.try_acquire(beside, now), Ok(()));
    }

    #[test]
    fn a_distributed_attack_is_limited_and_its_memory_bounded() {
        let limit = RateLimiter::new(1, 1).unwrap();
        let now = Instant::now();
        let addresses = |count: u32| (0..count).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
        let count = u32::try_from(2 * SHARDS * SHARD_CLIENTS_MAX).unwrap();
        let passed =
            addresses(count).filter(|address| limit.try_acquire(*address, now).is_ok()).count();
        assert!(passed <= SHARDS * (SHARD_CLIENTS_MAX + 1), "{passed}");
        let tracked: usize = limit.shards.iter().map(|shard| shard.lock().full_at.len()).sum();
        assert!(tracked <= SHARDS * SHARD_CLIENTS_MAX);
        // Clients with full buckets are evicted, which makes room for others.
        let later = now + Duration::from_secs(2);
        assert_eq!(admitted(&limit, IpAddr::V4(Ipv4Addr::BROADCAST), later, 3), 1);
    }

    #[test]
    fn a_rate_of_zero_means_no_limit() {
        assert!(RateLimiter::new(0, 100).is_none());
    }
}
