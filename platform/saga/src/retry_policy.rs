//! How often and how soon something that failed is tried again.

use std::time::Duration;

/// When a step that failed is tried again: soon at first, then ever later, and never at the same moment as everybody
/// else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The pause after the first failure; it doubles with every further one.
    pub pause_min: Duration,
    /// The longest pause while it is not stuck.
    pub pause_max: Duration,
    /// After this many failures in a row it counts as stuck.
    pub tries_max: u32,
    /// The pause once it is stuck.
    pub stuck_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            pause_min: Duration::from_millis(50),
            pause_max: Duration::from_secs(10),
            tries_max: 12,
            stuck_pause: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Whether so many failures in a row are too many.
    pub(crate) fn is_over(&self, tries: u32) -> bool {
        tries >= self.tries_max
    }

    /// The pause after this many failures in a row: between half and all of what its number says, as `random` says.
    pub(crate) fn pause(&self, tries: u32, random: u64) -> Duration {
        let whole = if self.is_over(tries) {
            self.stuck_pause
        } else {
            let doublings = tries.saturating_sub(1).min(20);
            self.pause_min.saturating_mul(1 << doublings).min(self.pause_max)
        };
        let half = whole / 2;
        let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(random % micros.saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Randomness, SeededRandomness};

    #[test]
    fn pauses_grow_to_a_limit_and_scatter() {
        let (retry_policy, randomness) = (RetryPolicy::default(), SeededRandomness::new(7));
        for tries in 1..40 {
            let whole = match tries {
                1..12 => Duration::from_millis(50 << (tries - 1)).min(retry_policy.pause_max),
                _ => retry_policy.stuck_pause,
            };
            let pauses: Vec<_> =
                (0..20).map(|_| retry_policy.pause(tries, randomness.below(u64::MAX))).collect();
            assert!(pauses.iter().all(|pause| (whole / 2..=whole).contains(pause)), "{pauses:?}");
            assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
        }
    }
}
