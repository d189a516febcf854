//! Retry policy: exponential backoff with jitter.

use std::time::Duration;

/// Retry policy with exponential backoff and jitter. A failed step is retried soon at first, then after ever longer
/// pauses, and never at the same moment as everything else that failed with it.
///
/// The pause is chosen evenly between half the backoff and all of it ("equal jitter" in Amazon's *Exponential Backoff
/// And Jitter*).
///
/// ```
/// use saga::RetryPolicy;
/// use std::time::Duration;
///
/// let impatient = RetryPolicy { attempts_max: 3, ..RetryPolicy::default() };
/// assert_eq!(impatient.backoff_min, Duration::from_millis(50));
/// assert_eq!(impatient.backoff_stuck, Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Backoff after the first failure; it doubles with every further one. 50 ms by default.
    pub backoff_min: Duration,
    /// Longest backoff of a saga that is not stuck. 10 s by default.
    pub backoff_max: Duration,
    /// Failed attempts in a row after which a saga counts as [`Stuck`](crate::SagaState::Stuck). 12 by default.
    pub attempts_max: u32,
    /// Backoff of a stuck saga. One minute by default.
    pub backoff_stuck: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(10),
            attempts_max: 12,
            backoff_stuck: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Whether so many failed attempts in a row make a saga stuck.
    pub(crate) fn is_exhausted(&self, attempts: u32) -> bool {
        attempts >= self.attempts_max
    }

    /// Pause after this many failed attempts in a row: between half the backoff and all of it, by `random`.
    pub(crate) fn jittered_backoff(&self, attempts: u32, random: u64) -> Duration {
        let backoff = if self.is_exhausted(attempts) {
            self.backoff_stuck
        } else {
            let doublings = attempts.saturating_sub(1).min(20);
            self.backoff_min.saturating_mul(1 << doublings).min(self.backoff_max)
        };
        let half = backoff / 2;
        let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(random % micros.saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Randomness, SeededRandomness};

    #[test]
    fn the_backoff_grows_to_a_limit_and_is_jittered() {
        let (retry_policy, randomness) = (RetryPolicy::default(), SeededRandomness::new(7));
        for attempts in 1..40 {
            let backoff = match attempts {
                1..12 => Duration::from_millis(50 << (attempts - 1)).min(retry_policy.backoff_max),
                _ => retry_policy.backoff_stuck,
            };
            let pauses: Vec<_> = (0..20)
                .map(|_| retry_policy.jittered_backoff(attempts, randomness.below(u64::MAX)))
                .collect();
            assert!(
                pauses.iter().all(|pause| (backoff / 2..=backoff).contains(pause)),
                "{pauses:?}"
            );
            assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
        }
    }
}
