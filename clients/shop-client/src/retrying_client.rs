//! Retrying client: sends a request again, under the same idempotency key, when its response was lost or the shop is
//! busy.

use crate::RetryPolicy;
use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header::RETRY_AFTER};
use kernel::{Problem, codes};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use transport::{Request, Response, Transport, TransportError, headers};

/// Channel that retries each request until it has a final response or the policy gives up.
pub(crate) struct RetryingClient<C, K> {
    inner: C,
    policy: RetryPolicy,
    new_key: K,
}

impl<C: Transport, K: Fn() -> String + Send + Sync> RetryingClient<C, K> {
    pub(crate) fn new(inner: C, policy: RetryPolicy, new_key: K) -> Self {
        Self { inner, policy, new_key }
    }

    /// Makes the request safe to retry: one that is not idempotent by its method gets an idempotency key.
    fn with_idempotency_key(&self, mut request: Request) -> Request {
        let needs_key = matches!(*request.method(), Method::POST | Method::PATCH);
        if needs_key
            && !request.headers().contains_key(headers::IDEMPOTENCY_KEY)
            && let Ok(key) = HeaderValue::try_from((self.new_key)())
        {
            request.headers_mut().insert(headers::IDEMPOTENCY_KEY, key);
        }
        request
    }
}

#[async_trait]
impl<C: Transport, K: Fn() -> String + Send + Sync> Transport for RetryingClient<C, K> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let request = self.with_idempotency_key(request);
        let started_at = Instant::now();
        let mut last_response_at = started_at;
        let mut backoff = self.policy.initial_backoff;
        let mut attempt = 1;
        loop {
            let result = self.inner.send(request.clone()).await;
            if !is_retryable(&result) {
                return result;
            }
            let requested = retry_after(&result).unwrap_or_default();
            let wait = backoff.max(requested.min(self.policy.retry_after_max));
            let next_attempt_at = Instant::now() + wait;
            if result.is_ok() {
                // No response is expected before the next attempt.
                last_response_at = next_attempt_at;
            }
            let is_over = next_attempt_at > started_at + self.policy.elapsed_max
                || next_attempt_at > last_response_at + self.policy.unreachable_max;
            if attempt == self.policy.attempts_max || is_over {
                return result;
            }
            sleep(wait).await;
            backoff = (backoff * 2).min(self.policy.backoff_max);
            attempt += 1;
        }
    }
}

/// Whether another attempt may have another result: a lost response, an overloaded shop, or a request in flight.
fn is_retryable(result: &Result<Response, TransportError>) -> bool {
    let Ok(response) = result else { return true };
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => true,
        // An earlier attempt is still running; its response is available in a moment.
        StatusCode::CONFLICT => serde_json::from_slice::<Problem>(response.body())
            .is_ok_and(|problem| problem.code == codes::IDEMPOTENCY_IN_FLIGHT),
        _ => false,
    }
}

/// The pause of the `Retry-After` header, if there is one in seconds.
fn retry_after(result: &Result<Response, TransportError>) -> Option<Duration> {
    let header = result.as_ref().ok()?.headers().get(RETRY_AFTER)?;
    header.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Server that answers 503 with `Retry-After` to the first `until` requests.
    struct BusyServer {
        requests: AtomicU32,
        until: u32,
        pause_seconds: u64,
    }

    #[async_trait]
    impl Transport for &BusyServer {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            let is_over = self.requests.fetch_add(1, Ordering::Relaxed) >= self.until;
            let mut answer = Response::new(Bytes::new());
            if !is_over {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.pause_seconds));
            }
            Ok(answer)
        }
    }

    /// The final status and the time until then.
    async fn outcome(busy: &BusyServer, policy: RetryPolicy) -> (u16, Duration) {
        let started_at = Instant::now();
        let retrying = RetryingClient::new(busy, policy, || "key".to_owned());
        let request = Request::new(Bytes::new());
        (retrying.send(request).await.unwrap().status().as_u16(), started_at.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_bulk_policy_honours_retry_after_and_outlasts_a_long_overload() {
        let busy = BusyServer { requests: AtomicU32::new(0), until: 50, pause_seconds: 10 };
        let policy = RetryPolicy::bulk(Duration::from_mins(10));
        assert_eq!(outcome(&busy, policy).await, (200, Duration::from_secs(500)));
        assert_eq!(
            busy.requests.load(Ordering::Relaxed),
            51,
            "it is asked again when it said so, and not before"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_bulk_policy_gives_up_at_its_limit() {
        let busy = BusyServer { requests: AtomicU32::new(0), until: u32::MAX, pause_seconds: 10 };
        let (status, after) = outcome(&busy, RetryPolicy::bulk(Duration::from_secs(95))).await;
        assert_eq!((status, after), (503, Duration::from_secs(90)));
    }

    struct UnreachableServer;

    #[async_trait]
    impl Transport for UnreachableServer {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            Err(TransportError::Unreachable {
                service: "shop",
                reason: "connection refused".to_owned(),
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bulk_policy_soon_gives_up_on_an_unreachable_shop() {
        let started_at = Instant::now();
        let retrying = RetryingClient::new(
            UnreachableServer,
            RetryPolicy::bulk(Duration::from_hours(1)),
            String::new,
        );
        assert!(retrying.send(Request::new(Bytes::new())).await.is_err());
        assert!(started_at.elapsed() <= Duration::from_secs(45));
    }

    #[tokio::test(start_paused = true)]
    async fn the_default_policy_caps_the_pause_that_retry_after_asks_for() {
        let busy = BusyServer { requests: AtomicU32::new(0), until: 1, pause_seconds: 60 };
        assert_eq!(outcome(&busy, RetryPolicy::default()).await, (200, Duration::from_secs(2)));
    }
}
