//! What each unit of a line has a share of: fixed when the order is placed, so that giving back unit after unit gives
//! back exactly what was paid, nothing over and nothing short.

use super::events::Units;

/// An amount split over the units of a line: each has the same, and the first few one minor unit more. The same as
/// allocating the amount with a weight of 1 for each unit, without writing them all down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    each: i64,
    /// The units before this one have one more.
    larger: i64,
}

impl Shares {
    /// `amount`, never negative, over `quantity` units; at least 1.
    pub(crate) fn of(amount: i64, quantity: i64) -> Self {
        let quantity = quantity.max(1);
        Self { each: amount / quantity, larger: amount % quantity }
    }

    /// The sum of the units from `from` until before `until`.
    pub(crate) fn sum(self, from: i64, until: i64) -> i64 {
        let larger = until.min(self.larger) - from.min(self.larger);
        self.each * (until - from) + larger
    }
}

/// From which end units are taken. Goods that come back take the first, goods that were never sent the last, so that
/// what was captured for a shipment stays with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    First,
    Last,
}

/// The units of one line that are still free: `quantity` less those `taken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Free(Vec<(i64, i64)>);

impl Free {
    pub(crate) fn of<'a>(quantity: i64, taken: impl Iterator<Item = &'a Units>) -> Self {
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

    /// `count` of them, or as many as there are.
    pub(crate) fn take(mut self, count: i64, end: End) -> Vec<(i64, i64)> {
        if end == End::Last {
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
                End::First => (from, from + size),
                End::Last => (until - size, until),
            });
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::allocation::allocate;
    use proptest::prelude::*;

    fn units(from: i64, until: i64) -> Units {
        Units { sku: String::new(), from, until }
    }

    #[test]
    fn the_first_and_the_last_free_units_are_taken_around_what_is_gone() {
        let gone = [units(1, 3), units(6, 7)];
        let free = || Free::of(8, gone.iter());
        assert_eq!(free().count(), 5);
        assert_eq!(free().take(3, End::First), [(0, 1), (3, 5)]);
        assert_eq!(free().take(2, End::Last), [(7, 8), (5, 6)]);
        assert_eq!(
            free().take(9, End::First).iter().map(|(from, until)| until - from).sum::<i64>(),
            5
        );
    }

    proptest! {
        #[test]
        fn shares_are_those_of_an_allocation(amount in 0_i64..1_000_000, quantity in 1_i64..60) {
            let weights = vec![1; usize::try_from(quantity).unwrap()];
            let allocated = allocate(amount, &weights).unwrap();
            let shares = Shares::of(amount, quantity);
            let each: Vec<i64> = (0..quantity).map(|unit| shares.sum(unit, unit + 1)).collect();
            prop_assert_eq!(each, allocated);
            prop_assert_eq!(shares.sum(0, quantity), amount);
        }

        #[test]
        fn whatever_is_taken_in_whatever_steps_all_of_it_is_taken_once(
            quantity in 1_i64..40, steps in proptest::collection::vec((1_i64..9, any::<bool>()), 1..30),
        ) {
            let mut taken: Vec<Units> = Vec::new();
            for (count, first) in steps {
                let free = Free::of(quantity, taken.iter());
                let there = free.count();
                let end = if first { End::First } else { End::Last };
                let new = free.take(count, end);
                prop_assert_eq!(new.iter().map(|(from, until)| until - from).sum::<i64>(), count.min(there));
                taken.extend(new.into_iter().map(|(from, until)| units(from, until)));
            }
            let rest = Free::of(quantity, taken.iter()).take(quantity, End::First);
            taken.extend(rest.into_iter().map(|(from, until)| units(from, until)));
            let shares = Shares::of(997, quantity);
            let sum: i64 = taken.iter().map(|units| shares.sum(units.from, units.until)).sum();
            prop_assert_eq!(sum, 997);
        }
    }
}
