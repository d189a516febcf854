//! Quota: a number of units that its holders take and give back, for the requests in progress of an edge or of a client and
//! for the bytes of their bodies. What exceeds it is refused at once instead of queued.

use kernel::{Problem, codes};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Quota of units.
#[derive(Debug)]
pub(crate) struct Quota {
    units_max: usize,
    taken: AtomicUsize,
}

/// Units taken from a quota, given back on drop.
#[derive(Debug)]
pub(crate) struct QuotaPermit<'a> {
    quota: &'a Quota,
    units: usize,
}

impl Quota {
    /// Quota of `units_max` units.
    pub(crate) fn new(units_max: usize) -> Self {
        Self { units_max, taken: AtomicUsize::new(0) }
    }

    /// Permit of no units yet.
    pub(crate) fn permit(&self) -> QuotaPermit<'_> {
        QuotaPermit { quota: self, units: 0 }
    }

    /// Takes units; `None` if fewer are left.
    pub(crate) fn try_take(&self, units: usize) -> Option<QuotaPermit<'_>> {
        let mut permit = self.permit();
        permit.try_extend(units).then_some(permit)
    }
}

impl QuotaPermit<'_> {
    /// Takes units into this permit; whether so many were left.
    pub(crate) fn try_extend(&mut self, units: usize) -> bool {
        let Quota { units_max, taken } = self.quota;
        let before = taken.fetch_add(units, Ordering::Relaxed);
        // Counted first, and given back at once if the limit is exceeded: two requests never share the last unit.
        let is_left = units <= units_max.saturating_sub(before);
        if is_left {
            self.units += units;
        } else {
            taken.fetch_sub(units, Ordering::Relaxed);
        }
        is_left
    }
}

impl Drop for QuotaPermit<'_> {
    fn drop(&mut self) {
        self.quota.taken.fetch_sub(self.units, Ordering::Relaxed);
    }
}

/// Problem of a request that found a quota of all clients used up, here or in an upstream service.
pub(crate) fn overloaded() -> Problem {
    let title = "too many requests are in progress; try again shortly";
    Problem::of(codes::OVERLOADED, title).retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_units_are_taken_than_there_are_and_all_come_back() {
        let quota = Quota::new(10);
        let mut first = quota.try_take(4).unwrap();
        assert!(quota.try_take(7).is_none());
        let second = quota.try_take(6).unwrap();
        assert!(!first.try_extend(1) && quota.try_take(1).is_none());
        drop(second);
        assert!(first.try_extend(6) && !first.try_extend(1));
        drop(first);
        assert!(quota.try_take(11).is_none() && quota.try_take(usize::MAX).is_none());
        assert!(quota.try_take(10).is_some());
    }
}
