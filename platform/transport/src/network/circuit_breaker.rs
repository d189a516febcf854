//! Leaves an endpoint alone that fails again and again.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Counts failures in a row. After some, the endpoint is not ready for a while; then one request may probe it.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    failures_max: u32,
    pause: Duration,
    pause_max: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Requests pass; so many failed in a row.
    Closed { failures: u32 },
    /// No request passes until then.
    Open { until: Instant, pause: Duration },
    /// One request passes, to see.
    Probing { pause: Duration },
}

/// The right to send one request to the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permit {
    Normal,
    Probe,
}

impl CircuitBreaker {
    pub(super) fn new(failures_max: u32, pause: Duration, pause_max: Duration) -> Self {
        Self { failures_max, pause, pause_max, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a request would pass.
    pub(super) fn is_ready(&self) -> bool {
        match &*self.state.lock() {
            State::Closed { .. } => true,
            State::Open { until, .. } => *until <= Instant::now(),
            State::Probing { .. } => false,
        }
    }

    /// Lets a request pass, or not.
    pub(super) fn admit(&self) -> Option<Permit> {
        let mut state = self.state.lock();
        match *state {
            State::Closed { .. } => Some(Permit::Normal),
            State::Open { until, pause } if until <= Instant::now() => {
                *state = State::Probing { pause };
                Some(Permit::Probe)
            }
            State::Open { .. } | State::Probing { .. } => None,
        }
    }

    /// The request with this permit was answered.
    pub(super) fn answered(&self, permit: Permit) {
        let mut state = self.state.lock();
        match (permit, &*state) {
            // What was sent before the breaker opened says nothing about now.
            (Permit::Normal, State::Open { .. } | State::Probing { .. }) => {}
            _ => *state = State::Closed { failures: 0 },
        }
    }

    /// The request with this permit failed; returns whether that opened the breaker.
    pub(super) fn failed(&self, permit: Permit) -> bool {
        let mut state = self.state.lock();
        let pause = match (permit, &mut *state) {
            (Permit::Normal, State::Closed { failures }) => {
                *failures += 1;
                if *failures < self.failures_max {
                    return false;
                }
                self.pause
            }
            (Permit::Probe, State::Probing { pause }) => (*pause * 2).min(self.pause_max),
            _ => return false,
        };
        *state = State::Open { until: Instant::now() + pause, pause };
        true
    }

    /// Nobody waits for the request with this permit any more. A probe is left to the next one.
    pub(super) fn abandoned(&self, permit: Permit) {
        let mut state = self.state.lock();
        if let (Permit::Probe, State::Probing { pause }) = (permit, &*state) {
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
        breaker.admit().map(|permit| breaker.failed(permit))
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_probes_after_the_pause() {
        let breaker = breaker();
        assert_eq!([(); 4].map(|()| fail(&breaker)), [Some(false), Some(false), Some(true), None]);
        advance(SECOND).await;
        assert!(breaker.is_ready());
        let probe = breaker.admit().unwrap();
        // One probe at a time.
        assert!(!breaker.is_ready() && breaker.admit().is_none());
        breaker.answered(probe);
        assert_eq!(breaker.admit(), Some(Permit::Normal));
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
    async fn one_answer_between_failures_keeps_it_closed() {
        let breaker = breaker();
        for _ in 0..10 {
            fail(&breaker);
            fail(&breaker);
            breaker.answered(breaker.admit().unwrap());
        }
        assert!(breaker.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn late_results_of_old_requests_change_nothing() {
        let breaker = breaker();
        let old = [(); 3].map(|()| breaker.admit().unwrap());
        for _ in 0..3 {
            fail(&breaker);
        }
        breaker.answered(old[0]);
        assert!(!breaker.failed(old[1]) && !breaker.is_ready());
        advance(SECOND).await;
        let probe = breaker.admit().unwrap();
        breaker.answered(old[2]);
        assert!(!breaker.is_ready());
        breaker.answered(probe);
        assert!(breaker.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_nobody_waits_for_is_left_to_the_next() {
        let breaker = breaker();
        for _ in 0..3 {
            fail(&breaker);
        }
        advance(SECOND).await;
        let probe = breaker.admit().unwrap();
        breaker.abandoned(probe);
        assert_eq!(breaker.admit(), Some(Permit::Probe));
    }
}
