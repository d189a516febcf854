//! May a price reduction be announced, and against which earlier price? (Directive 98/6/EC, Article 6a)
//!
//! Whoever announces a reduction has to name the lowest price that was asked in a period before it began. Countries
//! differ in what they exempt; that is the [`Policy`].

use kernel::{Rounding, Timestamp, UnitPrice};
use std::time::Duration;

/// A price in force from an instant until the next step; `None` while the goods were not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) from: Timestamp,
    pub(crate) price: Option<UnitPrice>,
}

/// What a country asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// How far back the lowest price is looked for.
    pub(crate) days: u32,
    /// Whether the prior price of the first of several uninterrupted steps stays (Article 6a(5)).
    pub(crate) progressive: bool,
    pub(crate) new_goods: NewGoods,
    pub(crate) perishable: Perishable,
}

/// The rule for goods that were offered for fewer days than the policy looks back (Article 6a(4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewGoods {
    /// The lowest price since they were first offered.
    SinceLaunch,
    /// They may be announced without a prior price.
    Exempt,
    /// They may not be announced as reduced.
    Refuse,
}

/// The rule for goods that spoil (Article 6a(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Perishable {
    /// The same as for all others.
    General,
    /// The price immediately before.
    LastPrice,
    /// They may be announced without a prior price.
    Exempt,
}

/// Whether goods spoil.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Goods {
    #[default]
    Lasting,
    Perishable,
}

/// A reduction somebody would like to announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// When it begins.
    pub(crate) at: Timestamp,
    pub(crate) new_price: UnitPrice,
    /// When the first of several uninterrupted steps began, if this is not the first.
    pub(crate) first_reduction_at: Option<Timestamp>,
    pub(crate) goods: Goods,
}

/// That it may be announced, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// Against this price; `percent` is rounded down.
    Against { prior: UnitPrice, percent: u8 },
    /// No prior price need be named.
    WithoutPrior,
}

/// Why it may not be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReduction {
    #[error("the new price is not below the prior price of {prior}")]
    NotBelowPrior { prior: UnitPrice },
    #[error("the goods have not been on the market long enough")]
    OnMarketTooShort,
}

/// Whether `candidate` may be announced, given the prices in force before it, oldest first.
pub(crate) fn announce(
    history: &[Step],
    candidate: &Candidate,
    policy: Policy,
) -> Result<Announcement, NoReduction> {
    let first_step = candidate.first_reduction_at.filter(|_| policy.progressive);
    let start = first_step.unwrap_or(candidate.at);
    let history = &history[..history.partition_point(|step| step.from < start)];
    let perishable = candidate.goods == Goods::Perishable;
    if perishable && policy.perishable == Perishable::Exempt {
        return Ok(Announcement::WithoutPrior);
    }
    let prior = if perishable && policy.perishable == Perishable::LastPrice {
        history.last().and_then(|step| step.price)
    } else {
        let days = Duration::from_secs(u64::from(policy.days) * 24 * 60 * 60);
        let window_from = start.checked_sub(days).unwrap_or(Timestamp::MIN);
        let launched = history.iter().find(|step| step.price.is_some()).map(|step| step.from);
        if launched.is_none_or(|launched| launched > window_from) {
            match policy.new_goods {
                NewGoods::SinceLaunch => {}
                NewGoods::Exempt => return Ok(Announcement::WithoutPrior),
                NewGoods::Refuse => return Err(NoReduction::OnMarketTooShort),
            }
        }
        lowest(history, window_from, candidate.new_price)
    };
    against(prior.ok_or(NoReduction::OnMarketTooShort)?, candidate.new_price)
}

/// The lowest price in force at any moment from `window_from` on; also one that was set long before. Prices in
/// another currency than that of `like` cannot be compared and do not count.
fn lowest(history: &[Step], window_from: Timestamp, like: UnitPrice) -> Option<UnitPrice> {
    let before = history.partition_point(|step| step.from <= window_from).saturating_sub(1);
    let prices = history[before..].iter().filter_map(|step| step.price);
    prices
        .filter(|price| price.currency() == like.currency())
        .min_by_key(|price| ten_thousandths(*price))
}

fn against(prior: UnitPrice, new: UnitPrice) -> Result<Announcement, NoReduction> {
    let (old, new) = (ten_thousandths(prior), ten_thousandths(new));
    if new >= old {
        return Err(NoReduction::NotBelowPrior { prior });
    }
    let percent = u8::try_from((old - new) * 100 / old).unwrap_or(100);
    Ok(Announcement::Against { prior, percent })
}

/// The price as a whole number, to compare and to divide.
fn ten_thousandths(price: UnitPrice) -> i128 {
    price.to_decimal().rounded(4, Rounding::Down).unwrap_or(i128::MAX / 100)
}
