//! Asking again: what was lost on the way or refused because the shop is busy, under the same key, for a while.

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header::RETRY_AFTER};
use kernel::{Problem, codes};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use transport::{Carry, Request, Response, TransportError, headers};

/// How long to go on asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The most attempts for one request.
    pub attempts_max: u32,
    /// No further attempt is made after this time.
    pub give_up_after: Duration,
    /// The pause before the second attempt; it doubles from then on.
    pub first_pause: Duration,
    /// The longest pause, whatever `Retry-After` says.
    pub pause_max: Duration,
}

impl Default for Patience {
    /// Long enough for a shop that is killed and started again.
    fn default() -> Self {
        Self {
            attempts_max: 40,
            give_up_after: Duration::from_secs(45),
            first_pause: Duration::from_millis(50),
            pause_max: Duration::from_secs(2),
        }
    }
}

/// Carries each request until it is answered or patience ends.
pub(crate) struct Patient<C, K> {
    carrier: C,
    patience: Patience,
    new_key: K,
}

impl<C: Carry, K: Fn() -> String + Send + Sync> Patient<C, K> {
    pub(crate) fn new(carrier: C, patience: Patience, new_key: K) -> Self {
        Self { carrier, patience, new_key }
    }

    /// Every request can be sent again: what is not idempotent by its method gets a key.
    fn with_key(&self, mut request: Request) -> Request {
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
impl<C: Carry, K: Fn() -> String + Send + Sync> Carry for Patient<C, K> {
    async fn carry(&self, request: Request) -> Result<Response, TransportError> {
        let request = self.with_key(request);
        let give_up_at = Instant::now() + self.patience.give_up_after;
        let mut pause = self.patience.first_pause;
        let mut attempt = 1;
        loop {
            let answer = self.carrier.carry(request.clone()).await;
            if !is_passing(&answer) {
                return answer;
            }
            let asked_for = pause_asked_for(&answer).unwrap_or_default();
            let wait = pause.max(asked_for).min(self.patience.pause_max);
            if attempt == self.patience.attempts_max || Instant::now() + wait > give_up_at {
                return answer;
            }
            sleep(wait).await;
            pause = (pause * 2).min(self.patience.pause_max);
            attempt += 1;
        }
    }
}

/// Whether to ask again.
fn is_passing(answer: &Result<Response, TransportError>) -> bool {
    let Ok(response) = answer else { return true };
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => true,
        // The first attempt is still at work: its answer can be had in a moment.
        StatusCode::CONFLICT => serde_json::from_slice::<Problem>(response.body())
            .is_ok_and(|problem| problem.code == codes::IDEMPOTENCY_IN_FLIGHT),
        _ => false,
    }
}

/// The pause that was asked for.
fn pause_asked_for(answer: &Result<Response, TransportError>) -> Option<Duration> {
    let header = answer.as_ref().ok()?.headers().get(RETRY_AFTER)?;
    header.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
