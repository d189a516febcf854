//! What is sold: codes, and each code at each of its prices.

use super::{Month, gathering::Code};
use crate::pounds::Pounds;
use kernel::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// All codes, and the articles that are sold of them.
#[derive(Debug, Default)]
pub(crate) struct Goods {
    pub(crate) codes: Vec<Good>,
    pub(crate) articles: Vec<Article>,
    by_price: HashMap<(usize, Pounds), usize>,
}

/// A stock code.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) code: String,
    pub(crate) name: String,
    /// The articles of it: one for each price it is sold at.
    pub(crate) articles: Vec<usize>,
    /// Whether stock of it got lost or was found.
    pub(crate) is_corrected: bool,
    /// By month and price: how many lines, and when the first.
    sales: BTreeMap<Month, BTreeMap<Pounds, (u32, Timestamp)>>,
}

/// A code at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Article {
    pub(crate) code: usize,
    pub(crate) price: Pounds,
}

/// Codes that are not goods: postage, manual lines, discounts, samples, fees, vouchers.
const SERVICES: [&str; 12] =
    ["POST", "DOT", "C2", "C3", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST"];
const VOUCHER: &str = "GIFT_";

impl Goods {
    pub(super) fn of(codes: Vec<Code>) -> Self {
        let codes = codes.into_iter().map(Good::from).collect();
        Self { codes, ..Self::default() }
    }

    /// The article of a code at a price, from its first sale on.
    pub(super) fn sold(&mut self, code: usize, price: Pounds, at: Timestamp) -> usize {
        if !price.is_zero() {
            let month = self.codes[code].sales.entry(Month::of(at)).or_default();
            let (lines, first) = month.entry(price).or_insert((0, at));
            *lines += 1;
            *first = at.min(*first);
        }
        let next = self.articles.len();
        let article = *self.by_price.entry((code, price)).or_insert(next);
        if article == next {
            self.articles.push(Article { code, price });
            self.codes[code].articles.push(article);
        }
        article
    }

    /// The article of a code at a price, if it was ever sold at it.
    pub(crate) fn article(&self, code: usize, price: Pounds) -> Option<usize> {
        self.by_price.get(&(code, price)).copied()
    }
}

impl Good {
    /// Whether it lies on a shelf.
    pub(crate) fn has_stock(&self) -> bool {
        !SERVICES.contains(&&*self.code) && !self.code.starts_with(VOUCHER)
    }

    /// What was usually asked for it and since when, by month, without repetitions; the last one is what it costs
    /// now. Empty for what was never sold for money.
    pub(crate) fn usual_prices(&self) -> Vec<(Timestamp, Pounds)> {
        let mut prices: Vec<(Timestamp, Pounds)> = Vec::new();
        for month in self.sales.values() {
            // The most usual; of two that are equally usual the lower.
            let usual =
                month.iter().max_by_key(|(price, (lines, _))| (*lines, std::cmp::Reverse(**price)));
            let Some((price, (_, since))) = usual else { continue };
            if prices.last().is_none_or(|(_, last)| last != price) {
                prices.push((*since, *price));
            }
        }
        prices
    }

    /// What it costs now: what was usually asked in the last month in which it was sold.
    pub(crate) fn price(&self) -> Pounds {
        self.usual_prices().last().map_or(Pounds::ZERO, |(_, price)| *price)
    }
}

impl From<Code> for Good {
    fn from(code: Code) -> Self {
        // The name it was sold under most often; a note about its stock only if there is nothing else.
        let best = code
            .names
            .iter()
            .max_by(|(name, seen), (other, others)| seen.cmp(others).then_with(|| other.cmp(name)));
        let name = best.map_or_else(|| code.text.clone(), |(name, _)| name.clone());
        Self {
            name,
            code: code.text,
            articles: Vec::new(),
            is_corrected: false,
            sales: BTreeMap::new(),
        }
    }
}
