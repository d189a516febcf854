//! Retry policy with exponential backoff: attempts, elapsed time and pauses.

use std::time::Duration;

/// Retry policy with exponential backoff that honours `Retry-After`.
///
/// ```
/// use shop_client::RetryPolicy;
/// use std::time::Duration;
///
/// let interactive = RetryPolicy { attempts_max: 5, ..RetryPolicy::default() };
/// let import = RetryPolicy::bulk(Duration::from_mins(10));
/// assert!(interactive.elapsed_max < import.elapsed_max);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts for one request, the first included.
    pub attempts_max: u32,
    /// The longest time from the first attempt to the start of the last one.
    pub elapsed_max: Duration,
    /// The longest time without any response at all, after which the shop counts as unreachable.
    pub unreachable_max: Duration,
    /// The pause before the second attempt; it doubles with each further one.
    pub initial_backoff: Duration,
    /// The longest pause that doubling leads to.
    pub backoff_max: Duration,
    /// The longest pause that the shop may ask for with `Retry-After`.
    pub retry_after_max: Duration,
}

impl Default for RetryPolicy {
    /// Long enough for a shop that is killed and restarted.
    fn default() -> Self {
        Self {
            attempts_max: 40,
            elapsed_max: Duration::from_secs(45),
            unreachable_max: Duration::from_secs(45),
            initial_backoff: Duration::from_millis(50),
            backoff_max: Duration::from_secs(2),
            retry_after_max: Duration::from_secs(2),
        }
    }
}

impl RetryPolicy {
    /// Policy for bulk work that has time: any number of attempts within `elapsed_max`, each as late as a busy shop asks
    /// for with `Retry-After`. An unreachable shop is given up on as early as by the default policy.
    pub fn bulk(elapsed_max: Duration) -> Self {
        Self {
            attempts_max: u32::MAX,
            elapsed_max,
            retry_after_max: elapsed_max,
            ..Self::default()
        }
    }
}
