//! Day budget: how many bytes the activities of one kind may take in a day. From half of the budget on they are sampled, so
//! that a flood costs little and still shows.

use super::activity_kind::{ActivityKind, ByKind};
use kernel::Timestamp;
use parking_lot::Mutex;
use telemetry::{Counter, Metrics};

/// Share of the activities that are kept in the second half of a budget: one in so many.
const SAMPLE: u64 = 16;
const SECONDS_PER_DAY: i64 = 86_400;

/// Budgets of all kinds. What was used is counted from the start of the process or of the day (UTC).
#[derive(Debug)]
pub(crate) struct DayBudget {
    /// Bytes per day; 0 for no limit.
    bytes_max: ByKind<u64>,
    used: Mutex<ByKind<Usage>>,
    thinned: ByKindCounters,
}

/// Use of one budget.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    day: i64,
    bytes: u64,
    offered: u64,
}

#[derive(Debug)]
struct ByKindCounters([Counter; ActivityKind::ALL.len()]);

impl DayBudget {
    pub(crate) fn new(bytes_max: ByKind<u64>, metrics: &Metrics) -> Self {
        let help = "Activities left out because their kind had used its budget of the day";
        let counter = |kind: ActivityKind| {
            metrics.counter("activities_thinned", help, &[("kind", kind.as_str())])
        };
        let thinned = ByKindCounters(ActivityKind::ALL.map(counter));
        Self { bytes_max, used: Mutex::default(), thinned }
    }

    /// Takes the bytes of an activity out of the budget of its kind; false when the activity has to be left out.
    pub(crate) fn take(
        &self,
        kind: ActivityKind,
        bytes: usize,
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        let max = self.bytes_max.of(kind);
        if max == 0 {
            return true;
        }
        let bytes = bytes as u64;
        let day = now().as_second().div_euclid(SECONDS_PER_DAY);
        let is_kept = {
            let mut used = self.used.lock();
            let usage = used.of_mut(kind);
            if usage.day != day {
                *usage = Usage { day, ..Usage::default() };
            }
            usage.offered += 1;
            let after = usage.bytes.saturating_add(bytes);
            let is_kept =
                after <= max / 2 || (after <= max && usage.offered.is_multiple_of(SAMPLE));
            if is_kept {
                usage.bytes = after;
            }
            is_kept
        };
        if !is_kept {
            self.thinned.of(kind).inc();
        }
        is_kept
    }
}

impl<T> ByKind<T> {
    fn of_mut(&mut self, kind: ActivityKind) -> &mut T {
        match kind {
            ActivityKind::Operator => &mut self.operator,
            ActivityKind::Order => &mut self.order,
            ActivityKind::Cart => &mut self.cart,
            ActivityKind::Visit => &mut self.visit,
            ActivityKind::Account => &mut self.account,
        }
    }
}

impl ByKindCounters {
    fn of(&self, kind: ActivityKind) -> &Counter {
        let index = ActivityKind::ALL.iter().position(|other| *other == kind);
        &self.0[index.expect("every kind is among all kinds")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_stays_in_its_budget_and_leaves_the_others_alone() {
        let bytes_max = ByKind { operator: 0, order: 0, cart: 1_000, visit: 10_000, account: 0 };
        let budget = DayBudget::new(bytes_max, &Metrics::new());
        let now = Timestamp::UNIX_EPOCH;
        let kept = |kind, bytes: usize, count: usize| {
            (0..count).filter(|_| budget.take(kind, bytes, || now)).count()
        };
        assert_eq!(kept(ActivityKind::Visit, 100, 50), 50, "the first half is kept whole");
        assert_eq!(kept(ActivityKind::Visit, 100, 160), 10, "then one in {SAMPLE}");
        assert_eq!(kept(ActivityKind::Visit, 100, 1_000_000), 40, "and never more than the budget");
        assert_eq!(kept(ActivityKind::Visit, 20_000, 100), 0);
        assert_eq!(kept(ActivityKind::Cart, 100, 5), 5);
        assert_eq!(kept(ActivityKind::Order, 1_000_000, 100), 100, "orders have no budget here");
        let tomorrow = Timestamp::from_second(SECONDS_PER_DAY).unwrap();
        assert!(budget.take(ActivityKind::Visit, 100, || tomorrow));
    }
}
