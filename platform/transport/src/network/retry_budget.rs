//! Retry budget.

use std::sync::atomic::{AtomicU64, Ordering};

/// Cost of one retry, in units of the balance; a call deposits `percent` of these.
const RETRY: u64 = 100;

/// Retry budget as a token bucket: each call deposits a fraction of a retry, each retry withdraws a whole one.
///
/// However many calls fail, the service gets at most `percent` per cent more requests than without retries, plus the
/// reserve. The bucket needs no clock: without calls there are no retries.
#[derive(Debug)]
pub(super) struct RetryBudget {
    percent: u64,
    most: u64,
    balance: AtomicU64,
}

impl RetryBudget {
    pub(super) fn new(percent: u32, reserve: u32) -> Self {
        let most = u64::from(reserve) * RETRY;
        Self { percent: u64::from(percent), most, balance: AtomicU64::new(most) }
    }

    /// Deposits the fraction of one call.
    pub(super) fn deposit(&self) {
        self.change(|balance| Some((balance + self.percent).min(self.most)));
    }

    /// Withdraws one retry; `false` if the balance is too low.
    pub(super) fn withdraw(&self) -> bool {
        self.change(|balance| balance.checked_sub(RETRY))
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        self.balance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_calls_may_be_repeated_once_the_reserve_is_used_up() {
        let budget = RetryBudget::new(20, 3);
        assert_eq!((0..10).filter(|_| budget.withdraw()).count(), 3);
        let repeated = (0..100).filter(|_| {
            budget.deposit();
            budget.withdraw()
        });
        assert_eq!(repeated.count(), 20);
    }

    #[test]
    fn no_more_is_saved_than_the_reserve() {
        let budget = RetryBudget::new(50, 2);
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!((0..1_000).filter(|_| budget.withdraw()).count(), 2);
    }

    #[test]
    fn without_a_budget_nothing_is_repeated() {
        let budget = RetryBudget::new(0, 0);
        budget.deposit();
        assert!(!budget.withdraw());
    }
}
