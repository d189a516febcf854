//! Merge of a guest's cart into the cart of the customer who signs in: which lines the customer's cart has afterwards.

use super::{
    cart::{LINE_UNITS_MAX, LINES_MAX},
    events::Line,
};
use identifiers::Sku;
use std::collections::BTreeMap;

/// Strategy of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergeStrategy {
    /// The units of both carts, added up by SKU.
    Sum,
    /// The guest's lines, in place of those that were there.
    UseGuest,
    /// The lines that were there; the guest's only where there was no cart.
    UseExisting,
    /// The guest's lines if the cart was empty, otherwise those that were there.
    UseGuestIfEmpty,
}

impl MergeStrategy {
    /// Lines of a cart after the merge: of these, which a cart has that exists already, and those of the guest.
    pub(crate) fn merged(self, existing: Option<&[Line]>, guest: &[Line]) -> Vec<Line> {
        let Some(existing) = existing else { return guest.to_vec() };
        let is_guest = match self {
            Self::Sum => return sum(existing, guest),
            Self::UseGuest => true,
            Self::UseExisting => false,
            Self::UseGuestIfEmpty => existing.is_empty(),
        };
        if is_guest { guest.to_vec() } else { existing.to_vec() }
    }
}

/// Lines with the units of both, as far as a cart may have them. Nobody is refused a sign-in because of a cart that is full.
fn sum(existing: &[Line], guest: &[Line]) -> Vec<Line> {
    let mut lines = existing.to_vec();
    // A guest's cart has one line of a SKU, so only those that were there can be meant.
    let places: BTreeMap<&Sku, usize> =
        existing.iter().enumerate().map(|(place, line)| (&line.sku, place)).collect();
    for line in guest {
        let is_full = lines.len() >= LINES_MAX;
        match places.get(&line.sku).map(|&place| &mut lines[place]) {
            Some(known) => {
                known.quantity = known.quantity.saturating_add(line.quantity).min(LINE_UNITS_MAX);
                known.price = line.price.or(known.price);
            }
            None if is_full => {}
            None => lines.push(line.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, i64)]) -> Vec<Line> {
        let line = |(sku, quantity): &(&str, i64)| Line {
            sku: Sku::parse(sku).unwrap(),
            quantity: *quantity,
            price: None,
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn each_strategy_decides_which_lines_are_kept() {
        use MergeStrategy::{Sum, UseExisting, UseGuest, UseGuestIfEmpty};
        let (existing, guest) = (&[("A", 1), ("B", 2)][..], &[("b", 3), ("C", 4)][..]);
        let both = &[("A", 1), ("B", 5), ("C", 4)][..];
        for (strategy, there, expected) in [
            (Sum, Some(existing), both),
            (Sum, Some(&[][..]), guest),
            (Sum, None, guest),
            (UseGuest, Some(existing), guest),
            (UseGuest, Some(&[]), guest),
            (UseGuest, None, guest),
            (UseExisting, Some(existing), existing),
            (UseExisting, Some(&[]), &[]),
            (UseExisting, None, guest),
            (UseGuestIfEmpty, Some(existing), existing),
            (UseGuestIfEmpty, Some(&[]), guest),
            (UseGuestIfEmpty, None, guest),
        ] {
            let there = there.map(lines);
            let merged = strategy.merged(there.as_deref(), &lines(guest));
            assert_eq!(merged, lines(expected), "{strategy:?} {there:?}");
        }
    }

    #[test]
    fn a_sum_stays_within_what_a_cart_may_have() {
        let full: Vec<_> = (0..LINES_MAX).map(|number| number.to_string()).collect();
        let full: Vec<_> = full.iter().map(|sku| (sku.as_str(), LINE_UNITS_MAX - 1)).collect();
        let merged = MergeStrategy::Sum.merged(Some(&lines(&full)), &lines(&[("7", 5), ("X", 1)]));
        assert_eq!((merged.len(), merged[7].quantity), (LINES_MAX, LINE_UNITS_MAX));
        assert!(!merged.iter().any(|line| line.sku.as_str() == "X"));
    }
}
