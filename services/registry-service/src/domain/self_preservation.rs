//! Self-preservation: as long as too few heartbeats arrive, nothing is evicted, since the network is a likelier cause than that many
//! instances that died together.

/// Share of the promised heartbeats that must arrive, and share of the instances that one run of evictions leaves alone.
pub(crate) const RENEWAL_SHARE_MIN: f64 = 0.85;

/// Arithmetic of self-preservation at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SelfPreservation {
    /// Whether it is turned on.
    pub(crate) is_enabled: bool,
    /// Instances that are registered.
    pub(crate) instances: usize,
    /// Heartbeats per minute that they promise.
    pub(crate) promised_per_minute: f64,
    /// Heartbeats per minute that must be exceeded.
    pub(crate) threshold: u64,
    /// Heartbeats of the last full minute.
    pub(crate) received: u64,
}

impl SelfPreservation {
    /// Threshold for so many promised heartbeats per minute.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the product is positive and far below 2^64"
    )]
    pub(crate) fn threshold_of(promised_per_minute: f64) -> u64 {
        (promised_per_minute.max(0.0) * RENEWAL_SHARE_MIN) as u64
    }

    /// Whether instances may be evicted.
    pub(crate) fn may_evict(&self) -> bool {
        !self.is_enabled || (self.threshold > 0 && self.received > self.threshold)
    }

    /// How many of the registered instances one run may evict.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "instances are bounded far below 2^52"
    )]
    pub(crate) fn evictions_max(instances: usize) -> usize {
        instances - (instances as f64 * RENEWAL_SHARE_MIN) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_the_whole_part_of_its_share() {
        for (promised, threshold) in [(0.0, 0), (2.0, 1), (4.0, 3), (20.0, 17), (20_000.0, 17_000)]
        {
            assert_eq!(SelfPreservation::threshold_of(promised), threshold);
        }
    }

    #[test]
    fn evictions_need_more_heartbeats_than_the_threshold() {
        let state = |received| SelfPreservation {
            is_enabled: true,
            instances: 10,
            promised_per_minute: 20.0,
            threshold: 17,
            received,
        };
        assert!(!state(17).may_evict() && state(18).may_evict());
        assert!(SelfPreservation { is_enabled: false, ..state(0) }.may_evict());
        assert!(!SelfPreservation { threshold: 0, received: 0, ..state(0) }.may_evict());
    }

    #[test]
    fn a_run_evicts_a_small_share_and_at_least_one() {
        for (instances, max) in [(0, 0), (1, 1), (2, 1), (10, 2), (100, 15), (10_000, 1_500)] {
            assert_eq!(SelfPreservation::evictions_max(instances), max);
        }
    }
}
