//! Current price reduction of a variant, derived from its price history.

use super::prior_price::{
    Announcement, Policy, PricePeriod, ReductionCandidate, ShelfLife, check_announcement,
};
use super::product::{Product, Status, Variant};
use kernel::{Timestamp, UnitPrice};

/// Tag of perishable goods.
const PERISHABLE_TAG: &str = "perishable";

/// Price reduction that may be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reduction {
    pub(crate) prior_price: UnitPrice,
    pub(crate) percent: u8,
    pub(crate) since: Timestamp,
}

impl Product {
    /// Current reduction of a variant; `None` while the product is not on sale. It lasts until the next price.
    pub(crate) fn reduction(&self, variant: &Variant, policy: Policy) -> Option<Reduction> {
        // Fast path for the usual case: a price that never changed.
        if variant.prices.len() < 2 || self.status() != Status::Active {
            return None;
        }
        let offers = self.offers(variant);
        let candidate = ReductionCandidate { shelf_life: self.shelf_life(), ..candidate(&offers)? };
        match check_announcement(&offers, &candidate, policy).ok()? {
            Announcement::Against { prior, percent } => {
                Some(Reduction { prior_price: prior, percent, since: candidate.at })
            }
            Announcement::WithoutPrior => None,
        }
    }

    /// Price periods of a variant, including the times when it was not on offer. Prices from before the product was
    /// created in this shop were charged elsewhere and count as offered.
    pub(crate) fn offers(&self, variant: &Variant) -> Vec<PricePeriod> {
        let prices = variant.prices.iter().map(|point| point.from);
        let status_history = self.status_history.iter().map(|(from, _)| *from);
        let breaks = variant.breaks.iter().flat_map(|it| [Some(it.from), it.until]).flatten();
        let mut instants: Vec<Timestamp> = prices.chain(status_history).chain(breaks).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut offers: Vec<PricePeriod> = Vec::with_capacity(instants.len());
        for from in instants {
            let is_offered = self.offered_at(from) && variant.offered_at(from);
            let price = variant.price_at(from).filter(|_| is_offered);
            if offers.last().is_none_or(|last| last.price != price) {
                offers.push(PricePeriod { from, price });
            }
        }
        offers
    }

    fn shelf_life(&self) -> ShelfLife {
        let is_perishable = self.tags.iter().any(|tag| tag.eq_ignore_ascii_case(PERISHABLE_TAG));
        if is_perishable { ShelfLife::Perishable } else { ShelfLife::Durable }
    }

    fn offered_at(&self, instant: Timestamp) -> bool {
        let after = self.status_history.partition_point(|(from, _)| *from <= instant);
        after.checked_sub(1).is_none_or(|last| self.status_history[last].1 == Status::Active)
    }
}

/// Latest price change, as a candidate for an announcement.
fn candidate(offers: &[PricePeriod]) -> Option<ReductionCandidate> {
    let new_price = offers.last()?.price?;
    // Returning to sale at the same price does not begin a new reduction.
    let offered: Vec<(usize, UnitPrice)> = offers
        .iter()
        .enumerate()
        .filter_map(|(index, period)| period.price.map(|price| (index, price)))
        .collect();
    let began = offered.iter().rposition(|(_, price)| *price != new_price)? + 1;
    let at = offers[offered[began].0].from;
    let first_step = first_step(&offered, began);
    let first_reduction_at = (first_step < began).then(|| offers[offered[first_step].0].from);
    Some(ReductionCandidate { at, new_price, first_reduction_at, shelf_life: ShelfLife::Durable })
}

/// First step of a progressive reduction without interruption that ends at `began`.
fn first_step(offered: &[(usize, UnitPrice)], began: usize) -> usize {
    let falls = |index: usize| {
        let ((before_at, before), (at, now)) = (offered[index - 1], offered[index]);
        at == before_at + 1 && now.compare(before).is_ok_and(std::cmp::Ordering::is_lt)
    };
    let mut first = began;
    while first > 1 && falls(first) && falls(first - 1) {
        first -= 1;
    }
    first
}
