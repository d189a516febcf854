//! Shares of the units of a line in its amounts, fixed when the order is placed: refunds unit by unit add up to exactly
//! what was paid.

use super::events::UnitRange;

/// Amount split evenly over the units of a line, with one minor unit more for the first few. Equals an allocation with a
/// weight of 1 for each unit, without a list of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnitShares {
    each: i64,
    /// Number of units, from the first, that have one minor unit more.
    larger: i64,
}

impl UnitShares {
    /// Splits `amount`, never negative, over `quantity` units, at least 1.
    pub(crate) fn of(amount: i64, quantity: i64) -> Self {
        let quantity = quantity.max(1);
        Self { each: amount / quantity, larger: amount % quantity }
    }

    /// Sum of the shares from `from` up to but without `until`.
    pub(crate) fn sum(self, from: i64, until: i64) -> i64 {
        let larger = until.min(self.larger) - from.min(self.larger);
        self.each * (until - from) + larger
    }
}

/// End of a line from which units are taken. Returned units are the first ones, units that never shipped the last, so
/// that the amount captured for a shipment stays with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakeFrom {
    First,
    Last,
}

/// Units of one line that are still free: `quantity` less those `taken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FreeUnits(Vec<(i64, i64)>);

impl FreeUnits {
    pub(crate) fn of<'a>(quantity: i64, taken: impl Iterator<Item = &'a UnitRange>) -> Self {
        let mut taken: Vec<(i64, i64)> = taken.map(|units| (units.from, units.until)).collect();
        taken.sort_unstable();
        let mut free = Vec::new();
        let mut next = 0;
        for (from, until) in taken {
            if next < from {
                free.push((next, from));
            }
            next = next.max(until);
        }
        if next < quantity {
            free.push((next, quantity));
        }
        Self(free)
    }

    pub(crate) fn count(&self) -> i64 {
        self.0.iter().map(|(from, until)| until - from).sum()
    }

    /// Takes `count` units, or as many as there are.
    pub(crate) fn take(mut self, count: i64, end: TakeFrom) -> Vec<(i64, i64)> {
        if end == TakeFrom::Last {
            self.0.reverse();
        }
        let mut left = count;
        let mut taken = Vec::new();
        for (from, until) in self.0 {
            let size = (until - from).min(left);
            if size == 0 {
                break;
            }
            left -= size;
            taken.push(match end {
                TakeFrom::First => (from, from + size),
                TakeFrom::Last => (until - size, until),
            });
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use identifiers::Sku;
    use kernel::allocation::allocate;
    use proptest::prelude::*;

    fn units(from: i64, until: i64) -> UnitRange {
        UnitRange { sku: Sku::parse("L1").unwrap(), from, until }
    }

    #[test]
    fn free_units_are_taken_from_either_end_around_those_already_taken() {
        let gone = [units(1, 3), units(6, 7)];
        let free = || FreeUnits::of(8, gone.iter());
        assert_eq!(free().count(), 5);
        assert_eq!(free().take(3, TakeFrom::First), [(0, 1), (3, 5)]);
        assert_eq!(free().take(2, TakeFrom::Last), [(7, 8), (5, 6)]);
        assert_eq!(
            free().take(9, TakeFrom::First).iter().map(|(from, until)| until - from).sum::<i64>(),
            5
        );
    }

    proptest! {
        #[test]
        fn shares_equal_an_allocation(amount in 0_i64..1_000_000, quantity in 1_i64..60) {
            let weights = vec![1; usize::try_from(quantity).unwrap()];
            let allocated = allocate(amount, &weights).unwrap();
            let shares = UnitShares::of(amount, quantity);
            let each: Vec<i64> = (0..quantity).map(|unit| shares.sum(unit, unit + 1)).collect();
            prop_assert_eq!(each, allocated);
            prop_assert_eq!(shares.sum(0, quantity), amount);
        }

        #[test]
        fn every_unit_is_taken_once_whatever_the_steps(
            quantity in 1_i64..40, steps in proptest::collection::vec((1_i64..9, any::<bool>()), 1..30),
        ) {
            let mut taken: Vec<UnitRange> = Vec::new();
            for (count, first) in steps {
                let free = FreeUnits::of(quantity, taken.iter());
                let there = free.count();
                let end = if first { TakeFrom::First } else { TakeFrom::Last };
                let new = free.take(count, end);
                prop_assert_eq!(new.iter().map(|(from, until)| until - from).sum::<i64>(), count.min(there));
                taken.extend(new.into_iter().map(|(from, until)| units(from, until)));
            }
            let rest = FreeUnits::of(quantity, taken.iter()).take(quantity, TakeFrom::First);
            taken.extend(rest.into_iter().map(|(from, until)| units(from, until)));
            let shares = UnitShares::of(997, quantity);
            let sum: i64 = taken.iter().map(|units| shares.sum(units.from, units.until)).sum();
            prop_assert_eq!(sum, 997);
        }
    }
}
