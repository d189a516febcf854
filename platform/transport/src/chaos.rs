//! Fault injection for tests: duplicated requests, lost requests and lost responses.

use crate::{Channel, Request, Response, Transport, TransportError, network::is_repeatable};
use async_trait::async_trait;
use kernel::{Randomness, SeededRandomness};
use std::sync::atomic::{AtomicU64, Ordering};

/// The lowest failure rate: one call in so many.
const ONE_IN_MOST: u64 = 9;
/// The highest failure rate: one call in so many.
const ONE_IN_LEAST: u64 = 4;

/// Fault-injecting channel over another one: every idempotent request arrives twice, and every n-th call fails (n from
/// 4 to 9), about half of those after the request has arrived. The seed determines n and which half.
pub fn chaos(transport: Channel, seed: u64) -> Channel {
    let one_in = ONE_IN_LEAST + seed % (ONE_IN_MOST - ONE_IN_LEAST + 1);
    let randomness = SeededRandomness::new(seed);
    Channel::new(Chaos { transport, one_in, calls: AtomicU64::new(0), randomness })
}

struct Chaos {
    transport: Channel,
    one_in: u64,
    calls: AtomicU64,
    randomness: SeededRandomness,
}

#[async_trait]
impl Transport for Chaos {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = call.is_multiple_of(self.one_in);
        if fails && self.randomness.below(2) == 0 {
            return Err(lost("the request was lost"));
        }
        if is_repeatable(&request) {
            // The first response is dropped: the caller sees that of the duplicate.
            drop(self.transport.send(request.clone()).await);
        }
        let response = self.transport.send(request).await;
        if fails { Err(lost("the response was lost")) } else { response }
    }
}

fn lost(reason: &str) -> TransportError {
    TransportError::Unreachable { service: "chaos", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers;
    use http::Method;
    use parking_lot::Mutex;
    use std::sync::Arc;

    /// Transport that records the paths of the requests it gets.
    #[derive(Clone, Default)]
    struct Arrivals(Arc<Mutex<Vec<String>>>);

    #[async_trait]
    impl Transport for Arrivals {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            self.0.lock().push(request.uri().to_string());
            Ok(Response::default())
        }
    }

    fn request(method: &Method, key: Option<&str>, path: &str) -> Request {
        let mut request = http::Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header(headers::IDEMPOTENCY_KEY, key);
        }
        request.body(bytes::Bytes::new()).unwrap()
    }

    /// The failed ones of forty calls, counted from one, each with whether its request had arrived.
    async fn failures(seed: u64) -> Vec<(u64, bool)> {
        let arrivals = Arrivals::default();
        let transport = chaos(Channel::new(arrivals.clone()), seed);
        let mut failures = Vec::new();
        for call in 1..=40 {
            let path = format!("/{call}");
            if transport.send(request(&Method::GET, None, &path)).await.is_err() {
                failures.push((call, arrivals.0.lock().contains(&path)));
            }
        }
        failures
    }

    #[tokio::test]
    async fn what_may_be_repeated_arrives_twice_and_nothing_else() {
        for (method, key, times) in [
            (Method::GET, None, 2),
            (Method::PUT, None, 2),
            (Method::DELETE, None, 2),
            (Method::POST, Some("k"), 2),
            (Method::PATCH, Some("k"), 2),
            (Method::POST, None, 1),
            (Method::PATCH, None, 1),
        ] {
            let arrivals = Arrivals::default();
            let transport = chaos(Channel::new(arrivals.clone()), 1);
            transport.send(request(&method, key, "/")).await.unwrap();
            assert_eq!(arrivals.0.lock().len(), times, "{method} {key:?}");
        }
    }

    #[tokio::test]
    async fn every_nth_call_fails_some_before_and_some_after_they_arrive() {
        let mut arrived = [false, false];
        for seed in 0..12 {
            let n = 4 + seed % 6;
            let failures = failures(seed).await;
            let calls: Vec<_> = failures.iter().map(|(call, _)| *call).collect();
            assert_eq!(calls, (1..=40).filter(|call| call % n == 0).collect::<Vec<_>>());
            for (_, had_arrived) in failures {
                arrived[usize::from(had_arrived)] = true;
            }
        }
        assert_eq!(arrived, [true, true]);
    }

    #[tokio::test]
    async fn the_same_seed_injects_the_same_faults() {
        assert_eq!(failures(7).await, failures(7).await);
        assert_ne!(failures(7).await, failures(8).await);
    }
}
