//! Exponential back-off with jitter between the attempts to deliver a notification.

use std::time::Duration;

/// Longest pause after the first attempt; it doubles.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_mins(30);

/// Longest pause after this many attempts.
pub(crate) fn pause_max(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    PAUSE_FIRST.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

/// Pause after this many attempts, by a random number: between half of the longest one and the whole.
pub(crate) fn pause(attempts: u32, random: u64) -> Duration {
    let half = pause_max(attempts) / 2;
    let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    half + Duration::from_millis(random.checked_rem(millis).unwrap_or(0))
}
