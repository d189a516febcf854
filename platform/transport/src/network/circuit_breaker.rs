//! Circuit breaker of an endpoint: closed, open, half-open.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Circuit breaker that opens after consecutive failures, and after a pause lets a single probe pass (half-open). A probe
/// that succeeds closes it; one that fails opens it again for twice as long.
#[derive(Debug)]
pub struct CircuitBreaker {
    failures_max: u32,
    pause: Duration,
    pause_max: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Requests pass; `failures` counts the consecutive failures.
    Closed { failures: u32 },
    /// No request passes before `until`.
    Open { until: Instant, pause: Duration },
    /// One probe is running; no other request passes.
    HalfOpen { pause: Duration },
}

/// Permit to send one request to the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerPermit {
    /// The breaker is closed.
    Normal,
    /// The breaker is half-open; the outcome decides whether it closes.
    Probe,
}

impl CircuitBreaker {
    /// Breaker that opens after so many consecutive failures, for a pause that doubles up to a maximum.
    pub fn new(failures_max: u32, pause: Duration, pause_max: Duration) -> Self {
        Self { failures_max, pause, pause_max, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a request would pass now.
    pub(super) fn is_ready(&self) -> bool {
        match &*self.state.lock() {
            State::Closed { .. } => true,
            State::Open { until, .. } => *until <= Instant::now(),
            State::HalfOpen { .. } => false,
        }
    }

    /// A permit for one request, unless the breaker is open or half-open.
    pub fn try_acquire(&self) -> Option<BreakerPermit> {
        let mut state = self.state.lock();
        match *state {
            State::Closed { .. } => Some(BreakerPermit::Normal),
            State::Open { until, pause } if until <= Instant::now() => {
                *state = State::HalfOpen { pause };
                Some(BreakerPermit::Probe)
            }
            State::Open { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// Records that the request with this permit succeeded.
    pub fn record_success(&self, permit: BreakerPermit) {
        let mut state = self.state.lock();
        match (permit, &*state) {
            // A request that was sent before the breaker opened says nothing about the present.
            (BreakerPermit::Normal, State::Open { .. } | State::HalfOpen { .. }) => {}
            _ => *state = State::Closed { failures: 0 },
        }
    }

    /// Records that the request with this permit failed; returns whether that opened the breaker.
    pub fn record_failure(&self, permit: BreakerPermit) -> bool {
        let mut state = self.state.lock();
        let pause = match (permit, &mut *state) {
            (BreakerPermit::Normal, State::Closed { failures }) => {
                *failures += 1;
                if *failures < self.failures_max {
                    return false;
                }
                self.pause
            }
            (BreakerPermit::Probe, State::HalfOpen { pause }) => (*pause * 2).min(self.pause_max),
            _ => return false,
        };
        *state = State::Open { until: Instant::now() + pause, pause };
        true
    }

    /// Releases the permit of a cancelled request. After a cancelled probe the next request probes.
    pub fn release(&self, permit: BreakerPermit) {
        let mut state = self.state.lock();
        if let (BreakerPermit::Probe, State::HalfOpen { pause }) = (permit, &*state) {
            *state = State::Open { until: Instant::now(), pause: *pause };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(3, SECOND, SECOND * 3)
    }

    /// Sends one request that fails; `None` if it did not pass.
    fn fail(breaker: &CircuitBreaker) -> Option<bool> {
        breaker.try_acquire().map(|permit| breaker.record_failure(permit))
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_probes_after_the_pause() {
        let breaker = breaker();
        assert_eq!([(); 4].map(|()| fail(&breaker)), [Some(false), Some(false), Some(true), None]);
        advance(SECOND).await;
        assert!(breaker.is_ready());
        let probe = breaker.try_acquire().unwrap();
        // One probe at a time.
        assert!(!breaker.is_ready() && breaker.try_acquire().is_none());
        breaker.record_success(probe);
        assert_eq!(breaker.try_acquire(), Some(BreakerPermit::Normal));
    }

    #[tokio::test(start_paused = true)]
    async fn each_probe_that_fails_doubles_the_pause_up_to_the_longest() {
        let breaker = breaker();
        for _ in 0..3 {
            fail(&breaker);
        }
        for seconds in [1, 2, 3, 3] {
            advance((SECOND * seconds).saturating_sub(Duration::from_millis(1))).await;
            assert!(!breaker.is_ready());
            advance(Duration::from_millis(1)).await;
            assert_eq!(fail(&breaker), Some(true));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_success_between_failures_keeps_it_closed() {
        let breaker = breaker();
        for _ in 0..10 {
            fail(&breaker);
            fail(&breaker);
            breaker.record_success(breaker.try_acquire().unwrap());
        }
        assert!(breaker.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn late_results_of_old_requests_change_nothing() {
        let breaker = breaker();
        let old = [(); 3].map(|()| breaker.try_acquire().unwrap());
        for _ in 0..3 {
            fail(&breaker);
        }
        breaker.record_success(old[0]);
        assert!(!breaker.record_failure(old[1]) && !breaker.is_ready());
        advance(SECOND).await;
        let probe = breaker.try_acquire().unwrap();
        breaker.record_success(old[2]);
        assert!(!breaker.is_ready());
        breaker.record_success(probe);
        assert!(breaker.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_cancelled_probe_the_next_request_probes() {
        let breaker = breaker();
        for _ in 0..3 {
            fail(&breaker);
        }
        advance(SECOND).await;
        let probe = breaker.try_acquire().unwrap();
        breaker.release(probe);
        assert_eq!(breaker.try_acquire(), Some(BreakerPermit::Probe));
    }
}
