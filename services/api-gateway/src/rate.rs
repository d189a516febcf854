//! How often a client may ask: a bucket for each, filled at a steady rate and as large as its burst.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};
use tokio::time::Instant;

/// How many parts the clients are kept in, so that two requests seldom wait for each other.
const SHARDS: usize = 16;
/// How many clients a part remembers. Further ones share a bucket, so that an attack from everywhere is limited
/// and takes no memory.
const SHARD_CLIENTS_MAX: usize = 4_096;
/// How often a part that is full looks for clients it may forget.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The buckets of all clients.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// The time in which one request's worth flows in.
    interval: Duration,
    /// The time in which an empty bucket fills.
    burst: Duration,
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

/// A bucket is the instant at which it will be full again: full ones need no memory, and nothing has to flow.
#[derive(Debug, Default)]
struct Shard {
    full_at: HashMap<Client, Instant>,
    /// The bucket of all those who are not remembered.
    others: Option<Instant>,
    swept_at: Option<Instant>,
}

/// A client: an IPv4 address, or the half of an IPv6 address that names a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Client(u128);

impl Client {
    fn at(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() & (u128::MAX << 64)),
        }
    }
}

/// The bucket is empty; it has enough again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted(pub(crate) Duration);

impl RateLimit {
    /// `per_second` requests in the long run and `burst` at once; `None` where there is no limit.
    pub(crate) fn new(per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        let burst = interval.checked_mul(burst.max(1))?;
        let (shards, hasher) = (std::array::from_fn(|_| Mutex::default()), RandomState::new());
        Some(Self { interval, burst, shards, hasher })
    }

    /// Takes one request's worth out of a client's bucket.
    pub(crate) fn admit(&self, address: IpAddr, now: Instant) -> Result<(), Exhausted> {
        let client = Client::at(address);
        let shard = usize::try_from(self.hasher.hash_one(client) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[shard].lock();
        if !shard.full_at.contains_key(&client) && !shard.has_room(now) {
            let others = shard.others.get_or_insert(now);
            return self.take(others, now);
        }
        self.take(shard.full_at.entry(client).or_insert(now), now)
    }

    fn take(&self, full_at: &mut Instant, now: Instant) -> Result<(), Exhausted> {
        let after = (*full_at).max(now) + self.interval;
        let missing = after.saturating_duration_since(now + self.burst);
        if !missing.is_zero() {
            return Err(Exhausted(missing));
        }
        *full_at = after;
        Ok(())
    }
}

impl Shard {
    /// Whether one more client can be remembered; forgets those whose buckets are full if need be.
    fn has_room(&mut self, now: Instant) -> bool {
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

    fn admitted(limit: &RateLimit, address: IpAddr, now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| limit.admit(address, now).is_ok()).count()
    }

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let limit = RateLimit::new(10, 5).unwrap();
        let start = Instant::now();
        assert_eq!(admitted(&limit, ONE, start, 20), 5);
        assert_eq!(limit.admit(ONE, start), Err(Exhausted(Duration::from_millis(100))));
        assert_eq!(admitted(&limit, ONE, start + Duration::from_millis(250), 20), 2);
        assert_eq!(admitted(&limit, ONE, start + Duration::from_mins(10), 20), 5, "never more");
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        assert_eq!(admitted(&limit, other, start, 20), 5, "each client has its own");
    }

    #[test]
    fn a_household_is_one_client_however_many_addresses_it_has() {
        let limit = RateLimit::new(1, 4).unwrap();
        let now = Instant::now();
        let inside = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, last, 0, 0, last));
        assert_eq!((1..=9).filter(|last| limit.admit(inside(*last), now).is_ok()).count(), 4);
        let beside = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1));
        assert_eq!(limit.admit(beside, now), Ok(()));
    }

    #[test]
    fn an_attack_from_everywhere_takes_no_memory_and_is_limited() {
        let limit = RateLimit::new(1, 1).unwrap();
        let now = Instant::now();
        let everywhere = |count: u32| (0..count).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
        let count = u32::try_from(2 * SHARDS * SHARD_CLIENTS_MAX).unwrap();
        let passed = everywhere(count).filter(|address| limit.admit(*address, now).is_ok()).count();
        assert!(passed <= SHARDS * (SHARD_CLIENTS_MAX + 1), "{passed}");
        let remembered: usize = limit.shards.iter().map(|shard| shard.lock().full_at.len()).sum();
        assert!(remembered <= SHARDS * SHARD_CLIENTS_MAX);
        // Once their buckets are full again they are forgotten, and others are remembered.
        let later = now + Duration::from_secs(2);
        assert_eq!(admitted(&limit, IpAddr::V4(Ipv4Addr::BROADCAST), later, 3), 1);
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert!(RateLimit::new(0, 100).is_none());
    }
}
