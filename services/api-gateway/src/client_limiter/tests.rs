//! Tests of the client limiter.

use super::*;
use std::net::{Ipv4Addr, Ipv6Addr};

const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const MILLI: Duration = Duration::from_millis(1);

fn limiter(requests_per_second: u32, requests_burst: u32) -> ClientLimiter {
    let (requests_max, body_bytes_max, request_cpu) = (4, 1_000, MILLI * 5);
    ClientLimiter::new(ClientLimits {
        requests_per_second,
        requests_burst,
        request_cpu,
        requests_max,
        body_bytes_max,
    })
}

fn take(limiter: &ClientLimiter, address: IpAddr, now: Instant) -> Result<(), RateLimitExceeded> {
    limiter.take_token(&limiter.client(address, now), now)
}

fn admitted(limiter: &ClientLimiter, address: IpAddr, now: Instant, tries: usize) -> usize {
    (0..tries).filter(|_| take(limiter, address, now).is_ok()).count()
}

#[test]
fn a_client_may_send_a_burst_and_then_at_its_rate() {
    let limit = limiter(10, 5);
    let start = Instant::now();
    assert_eq!(admitted(&limit, ONE, start, 20), 5);
    assert_eq!(take(&limit, ONE, start), Err(RateLimitExceeded(MILLI * 100)));
    assert_eq!(admitted(&limit, ONE, start + MILLI * 250, 20), 2);
    assert_eq!(
        admitted(&limit, ONE, start + Duration::from_mins(10), 20),
        5,
        "a bucket never exceeds its burst"
    );
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    assert_eq!(admitted(&limit, other, start, 20), 5, "each client has its own bucket");
}

#[test]
fn an_expensive_request_counts_as_several() {
    let start = Instant::now();
    for (cpu, tokens) in [(0, 1), (5, 1), (10, 2), (25, 5), (50, 10), (1_000_000, 10)] {
        let limit = limiter(10, 10);
        let client = limit.client(ONE, start);
        limit.take_token(&client, start).unwrap();
        limit.charge(&client, MILLI * cpu, start);
        assert_eq!(admitted(&limit, ONE, start, 20), 10 - tokens, "{cpu} ms");
    }
    // A client in debt is refused until it has paid, however little time its next request would take.
    let limit = limiter(10, 10);
    let client = limit.client(ONE, start);
    for _ in 0..3 {
        limit.charge(&client, MILLI * 55, start);
    }
    assert_eq!(admitted(&limit, ONE, start + MILLI * 2_000, 5), 0);
    assert_eq!(admitted(&limit, ONE, start + MILLI * 3_000, 20), 10);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_free_and_the_time_of_cancelled_work_is_charged() {
    let limit = limiter(10, 10);
    let now = Instant::now();
    let client = limit.client(ONE, now);
    limit.metered(&client, tokio::time::sleep(Duration::from_mins(1))).await;
    assert_eq!(*client.full_at.lock(), now);
    drop(CpuMeter { limiter: &limit, client: &client, spent: MILLI * 30 });
    assert_eq!(
        *client.full_at.lock(),
        Instant::now() + MILLI * 500,
        "25 ms beyond the first token"
    );
}

#[test]
fn all_addresses_of_an_ipv6_network_are_one_client() {
    let limit = limiter(1, 4);
    let now = Instant::now();
    let inside = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, last, 0, 0, last));
    assert_eq!((1..=9).filter(|last| take(&limit, inside(*last), now).is_ok()).count(), 4);
    let beside = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1));
    assert_eq!(take(&limit, beside, now), Ok(()));
}

#[test]
fn a_distributed_attack_is_limited_and_its_memory_bounded() {
    let limit = limiter(1, 1);
    let now = Instant::now();
    let held = limit.client(ONE, now);
    let addresses = |count: u32| (0..count).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let count = u32::try_from(2 * SHARDS * SHARD_CLIENTS_MAX).unwrap();
    let passed = addresses(count).filter(|address| take(&limit, *address, now).is_ok()).count();
    assert!(passed <= SHARDS * (SHARD_CLIENTS_MAX + 1), "{passed}");
    let tracked: usize = limit.shards.iter().map(|shard| shard.lock().clients.len()).sum();
    assert!(tracked <= SHARDS * SHARD_CLIENTS_MAX);
    // Clients without a debt are evicted, which makes room for others, but not those with requests in progress.
    let later = now + Duration::from_secs(2);
    assert_eq!(admitted(&limit, IpAddr::V4(Ipv4Addr::BROADCAST), later, 3), 1);
    for shard in &limit.shards {
        shard.lock().swept_at = None;
    }
    let _ = addresses(count).filter(|address| take(&limit, *address, later).is_ok()).count();
    assert!(Arc::ptr_eq(&held, &limit.client(ONE, later)));
}

#[test]
fn a_rate_of_zero_means_no_limit() {
    let limit = limiter(0, 100);
    let now = Instant::now();
    limit.charge(&limit.client(ONE, now), Duration::from_secs(100), now);
    assert_eq!(admitted(&limit, ONE, now, 1_000), 1_000);
}
