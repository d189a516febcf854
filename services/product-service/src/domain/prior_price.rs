//! Prior-price rules for announcing a price reduction (Directive 98/6/EC, Article 6a; "Omnibus").
//!
//! An announcement of a reduction must state the lowest price of a period before it began. Member states differ in their
//! exemptions, which are the [`Policy`].

use kernel::{Rounding, Timestamp, UnitPrice};
use std::time::Duration;

/// Price in force from an instant until the next period; `None` while the goods were not on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PricePeriod {
    pub(crate) from: Timestamp,
    pub(crate) price: Option<UnitPrice>,
}

/// National rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Length of the period whose lowest price is the prior price, in days.
    pub(crate) days: u32,
    /// Whether progressive reductions without interruption keep the prior price of the first step (Article 6a(5)).
    pub(crate) progressive: bool,
    pub(crate) new_goods: NewProductRule,
    pub(crate) perishable: PerishableRule,
}

/// Rule for goods that have been on the market for a shorter time than the period (Article 6a(4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewProductRule {
    /// The prior price is the lowest since launch.
    SinceLaunch,
    /// A reduction may be announced without a prior price.
    Exempt,
    /// A reduction may not be announced.
    Refuse,
}

/// Rule for perishable goods (Article 6a(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PerishableRule {
    /// The general rule applies.
    General,
    /// The prior price is the one immediately before.
    LastPrice,
    /// A reduction may be announced without a prior price.
    Exempt,
}

/// Shelf life of goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ShelfLife {
    #[default]
    Durable,
    Perishable,
}

/// Price reduction that is to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReductionCandidate {
    /// Start of the reduction.
    pub(crate) at: Timestamp,
    pub(crate) new_price: UnitPrice,
    /// Start of the first step of a progressive reduction, if this is a later one.
    pub(crate) first_reduction_at: Option<Timestamp>,
    pub(crate) shelf_life: ShelfLife,
}

/// Permitted announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// Reduction from this prior price; `percent` is rounded down.
    Against { prior: UnitPrice, percent: u8 },
    /// No prior price has to be stated.
    WithoutPrior,
}

/// Reason why a reduction may not be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnnouncementError {
    #[error("the new price is not below the prior price of {prior}")]
    NotBelowPrior { prior: UnitPrice },
    #[error("the goods have not been on the market long enough")]
    OnMarketTooShort,
}

/// Check of a reduction against the policy, given the prices in force before it, oldest first.
pub(crate) fn check_announcement(
    history: &[PricePeriod],
    candidate: &ReductionCandidate,
    policy: Policy,
) -> Result<Announcement, AnnouncementError> {
    let first_step = candidate.first_reduction_at.filter(|_| policy.progressive);
    let start = first_step.unwrap_or(candidate.at);
    let history = &history[..history.partition_point(|step| step.from < start)];
    let perishable = candidate.shelf_life == ShelfLife::Perishable;
    if perishable && policy.perishable == PerishableRule::Exempt {
        return Ok(Announcement::WithoutPrior);
    }
    let prior = if perishable && policy.perishable == PerishableRule::LastPrice {
        history.last().and_then(|step| step.price)
    } else {
        let days = Duration::from_secs(u64::from(policy.days) * 24 * 60 * 60);
        let window_from = start.checked_sub(days).unwrap_or(Timestamp::MIN);
        let launched = history.iter().find(|step| step.price.is_some()).map(|step| step.from);
        if launched.is_none_or(|launched| launched > window_from) {
            match policy.new_goods {
                NewProductRule::SinceLaunch => {}
                NewProductRule::Exempt => return Ok(Announcement::WithoutPrior),
                NewProductRule::Refuse => return Err(AnnouncementError::OnMarketTooShort),
            }
        }
        lowest(history, window_from, candidate.new_price)
    };
    announcement(prior.ok_or(AnnouncementError::OnMarketTooShort)?, candidate.new_price)
}

/// Lowest price in force at any moment from `window_from` on, including one that was set before. Prices in another
/// currency than that of `like` are not comparable and are ignored.
fn lowest(history: &[PricePeriod], window_from: Timestamp, like: UnitPrice) -> Option<UnitPrice> {
    let before = history.partition_point(|step| step.from <= window_from).saturating_sub(1);
    let prices = history[before..].iter().filter_map(|step| step.price);
    prices
        .filter(|price| price.currency() == like.currency())
        .min_by_key(|price| ten_thousandths(*price))
}

fn announcement(prior: UnitPrice, new: UnitPrice) -> Result<Announcement, AnnouncementError> {
    let (old, new) = (ten_thousandths(prior), ten_thousandths(new));
    if new >= old {
        return Err(AnnouncementError::NotBelowPrior { prior });
    }
    let percent = u8::try_from((old - new) * 100 / old).unwrap_or(100);
    Ok(Announcement::Against { prior, percent })
}

/// Price as a whole number of ten-thousandths of the major unit.
fn ten_thousandths(price: UnitPrice) -> i128 {
    price.to_decimal().rounded(4, Rounding::Down).unwrap_or(i128::MAX / 100)
}
