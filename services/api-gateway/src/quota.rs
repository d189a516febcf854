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

    /// Takes units; `None` if fewer are left.
    pub(crate) fn try_take(&self, units: usize) -> Option<QuotaPermit<'_>> {
        let before = self.taken.fetch_add(units, Ordering::Relaxed);
        // Counted first, and given back at once if the limit is exceeded: two requests never share the last unit.
        let permit = QuotaPermit { quota: self, units };
        (units <= self.units_max.saturating_sub(before)).then_some(permit)
    }

    /// Whether no units are taken.
    pub(crate) fn is_unused(&self) -> bool {
        self.taken.load(Ordering::Relaxed) == 0
    }
}

impl QuotaPermit<'_> {
    /// Takes further units into the same permit; whether they were left.
    pub(crate) fn try_extend(&mut self, units: usize) -> bool {
        let Some(mut more) = self.quota.try_take(units) else { return false };
        self.units += std::mem::take(&mut more.units);
        true
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
    Problem::new(503, codes::OVERLOADED, title).retry_after(1)
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
        assert!(quota.is_unused());
        assert!(quota.try_take(10).is_some() && quota.is_unused());
    }
}
