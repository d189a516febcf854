//! The reduction a variant is in, as its price history tells it.

use super::prior_price::{Announcement, Candidate, Goods, Policy, Step, announce};
use super::product::{Product, Status, Variant};
use kernel::{Timestamp, UnitPrice};

/// The tag of goods that spoil.
const PERISHABLE_TAG: &str = "perishable";

/// A reduction that may be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reduction {
    pub(crate) prior_price: UnitPrice,
    pub(crate) percent: u8,
    pub(crate) since: Timestamp,
}

impl Product {
    /// The reduction `variant` is in now; none while the product is not for sale. It holds until the next price.
    pub(crate) fn reduction(&self, variant: &Variant, policy: Policy) -> Option<Reduction> {
        // The usual case, at no cost: a price that never changed.
        if variant.prices.len() < 2 || self.status() != Status::Active {
            return None;
        }
        let offers = self.offers(variant);
        let candidate = Candidate { goods: self.goods(), ..candidate(&offers)? };
        match announce(&offers, &candidate, policy).ok()? {
            Announcement::Against { prior, percent } => {
                Some(Reduction { prior_price: prior, percent, since: candidate.at })
            }
            Announcement::WithoutPrior => None,
        }
    }

    /// What was asked for `variant` from when on, with the times when it was not offered. Prices from before the
    /// product came into this shop were asked elsewhere, and count as offered.
    pub(crate) fn offers(&self, variant: &Variant) -> Vec<Step> {
        let prices = variant.prices.iter().map(|point| point.from);
        let standings = self.standings.iter().map(|(from, _)| *from);
        let mut instants: Vec<Timestamp> = prices.chain(standings).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut offers: Vec<Step> = Vec::with_capacity(instants.len());
        for from in instants {
            let price = variant.price_at(from).filter(|_| self.offered_at(from));
            if offers.last().is_none_or(|last| last.price != price) {
                offers.push(Step { from, price });
            }
        }
        offers
    }

    fn goods(&self) -> Goods {
        let spoils = self.tags.iter().any(|tag| tag.eq_ignore_ascii_case(PERISHABLE_TAG));
        if spoils { Goods::Perishable } else { Goods::Lasting }
    }

    fn offered_at(&self, instant: Timestamp) -> bool {
        let after = self.standings.partition_point(|(from, _)| *from <= instant);
        after.checked_sub(1).is_none_or(|last| self.standings[last].1 == Status::Active)
    }
}

/// The last change of the price that is asked now, as a reduction to be judged.
fn candidate(offers: &[Step]) -> Option<Candidate> {
    let new_price = offers.last()?.price?;
    // Being off sale for a while and coming back at the same price is no new reduction.
    let asked: Vec<(usize, UnitPrice)> = offers
        .iter()
        .enumerate()
        .filter_map(|(place, step)| step.price.map(|price| (place, price)))
        .collect();
    let began = asked.iter().rposition(|(_, price)| *price != new_price)? + 1;
    let at = offers[asked[began].0].from;
    let first_step = first_step(&asked, began);
    let first_reduction_at = (first_step < began).then(|| offers[asked[first_step].0].from);
    Some(Candidate { at, new_price, first_reduction_at, goods: Goods::Lasting })
}

/// Walks back over the steps of an uninterrupted fall to the first of them.
fn first_step(asked: &[(usize, UnitPrice)], began: usize) -> usize {
    let falls = |place: usize| {
        let ((before_at, before), (at, now)) = (asked[place - 1], asked[place]);
        at == before_at + 1 && now.compare(before).is_ok_and(std::cmp::Ordering::is_lt)
    };
    let mut first = began;
    while first > 1 && falls(first) && falls(first - 1) {
        first -= 1;
    }
    first
}
