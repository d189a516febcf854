//! Asking again: what was lost on the way or refused because the shop is busy, under the same key, for a while.

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header::RETRY_AFTER};
use kernel::{Problem, codes};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use transport::{Request, Response, Transport, TransportError, headers};

/// How long to go on asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The most attempts for one request.
    pub attempts_max: u32,
    /// No further attempt is made after this time.
    pub give_up_after: Duration,
    /// No further attempt is made when nobody has answered at all for so long.
    pub silence_max: Duration,
    /// The pause before the second attempt; it doubles from then on.
    pub first_pause: Duration,
    /// The longest pause of our own choosing.
    pub pause_max: Duration,
    /// The longest pause that the shop may ask for with `Retry-After`.
    pub asked_pause_max: Duration,
}

impl Default for Patience {
    /// Long enough for a shop that is killed and started again.
    fn default() -> Self {
        Self {
            attempts_max: 40,
            give_up_after: Duration::from_secs(45),
            silence_max: Duration::from_secs(45),
            first_pause: Duration::from_millis(50),
            pause_max: Duration::from_secs(2),
            asked_pause_max: Duration::from_secs(2),
        }
    }
}

impl Patience {
    /// For work that has time: as often as it takes within `give_up_after`, and as late as a busy shop asks for. A shop
    /// that says nothing is waited for no longer than by others.
    pub fn of_bulk(give_up_after: Duration) -> Self {
        Self {
            attempts_max: u32::MAX,
            give_up_after,
            asked_pause_max: give_up_after,
            ..Self::default()
        }
    }
}

/// Carries each request until it is answered or patience ends.
pub(crate) struct Patient<C, K> {
    carrier: C,
    patience: Patience,
    new_key: K,
}

impl<C: Transport, K: Fn() -> String + Send + Sync> Patient<C, K> {
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
impl<C: Transport, K: Fn() -> String + Send + Sync> Transport for Patient<C, K> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let request = self.with_key(request);
        let begun = Instant::now();
        let mut heard = begun;
        let mut pause = self.patience.first_pause;
        let mut attempt = 1;
        loop {
            let answer = self.carrier.send(request.clone()).await;
            if !is_passing(&answer) {
                return answer;
            }
            let asked_for = pause_asked_for(&answer).unwrap_or_default();
            let wait = pause.max(asked_for.min(self.patience.asked_pause_max));
            let next = Instant::now() + wait;
            if answer.is_ok() {
                // Nobody is expected to say anything before.
                heard = next;
            }
            let is_over = next > begun + self.patience.give_up_after
                || next > heard + self.patience.silence_max;
            if attempt == self.patience.attempts_max || is_over {
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

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Busy until it was asked so many times, and asks for this pause each time.
    struct Busy {
        asked: AtomicU32,
        until: u32,
        pause_seconds: u64,
    }

    #[async_trait]
    impl Transport for &Busy {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            let is_over = self.asked.fetch_add(1, Ordering::Relaxed) >= self.until;
            let mut answer = Response::new(Bytes::new());
            if !is_over {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.pause_seconds));
            }
            Ok(answer)
        }
    }

    /// The status in the end, and after how long.
    async fn outcome(busy: &Busy, patience: Patience) -> (u16, Duration) {
        let began = Instant::now();
        let patient = Patient::new(busy, patience, || "key".to_owned());
        let request = Request::new(Bytes::new());
        (patient.send(request).await.unwrap().status().as_u16(), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_waits_as_long_as_the_shop_asks_and_outlasts_a_long_rush() {
        let busy = Busy { asked: AtomicU32::new(0), until: 50, pause_seconds: 10 };
        let patience = Patience::of_bulk(Duration::from_mins(10));
        assert_eq!(outcome(&busy, patience).await, (200, Duration::from_secs(500)));
        assert_eq!(
            busy.asked.load(Ordering::Relaxed),
            51,
            "it is asked when it said, and not before"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_gives_up_at_its_limit() {
        let busy = Busy { asked: AtomicU32::new(0), until: u32::MAX, pause_seconds: 10 };
        let (status, after) = outcome(&busy, Patience::of_bulk(Duration::from_secs(95))).await;
        assert_eq!((status, after), (503, Duration::from_secs(90)));
    }

    struct Nobody;

    #[async_trait]
    impl Transport for Nobody {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            Err(TransportError::Unreachable {
                service: "shop",
                reason: "nobody is there".to_owned(),
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_says_soon_that_nobody_is_there() {
        let began = Instant::now();
        let patient = Patient::new(Nobody, Patience::of_bulk(Duration::from_hours(1)), String::new);
        assert!(patient.send(Request::new(Bytes::new())).await.is_err());
        assert!(began.elapsed() <= Duration::from_secs(45));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_answer_is_not_kept_waiting_for_a_whole_minute() {
        let busy = Busy { asked: AtomicU32::new(0), until: 1, pause_seconds: 60 };
        assert_eq!(outcome(&busy, Patience::default()).await, (200, Duration::from_secs(2)));
    }
}
