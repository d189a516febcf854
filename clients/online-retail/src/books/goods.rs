//! Goods: stock codes, and a variant for each price at which a code is sold.

use super::{Month, collector::CodeDescriptions};
use crate::pounds::Pounds;
use kernel::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// All stock codes and variants.
#[derive(Debug, Default)]
pub(crate) struct Goods {
    pub(crate) codes: Vec<StockCode>,
    pub(crate) variants: Vec<Variant>,
    by_price: HashMap<(usize, Pounds), usize>,
}

/// Stock code with its name, variants and usual prices.
#[derive(Debug)]
pub(crate) struct StockCode {
    pub(crate) code: String,
    pub(crate) name: String,
    /// One variant for each price it is sold at.
    pub(crate) variants: Vec<usize>,
    /// Whether its stock was ever corrected.
    pub(crate) is_corrected: bool,
    /// By month and price: number of lines, and time of the first one.
    sales: BTreeMap<Month, BTreeMap<Pounds, (u32, Timestamp)>>,
}

/// Variant: a stock code at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) code: usize,
    pub(crate) price: Pounds,
}

/// Codes of services without stock: postage, manual lines, discounts, samples, fees, vouchers.
const SERVICES: [&str; 12] =
    ["POST", "DOT", "C2", "C3", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST"];
const VOUCHER: &str = "GIFT_";

impl Goods {
    pub(super) fn of(codes: Vec<CodeDescriptions>) -> Self {
        let codes = codes.into_iter().map(StockCode::from).collect();
        Self { codes, ..Self::default() }
    }

    /// Records a sale of a code at a price, and returns the variant, which is created by the first one.
    pub(super) fn record_sale(&mut self, code: usize, price: Pounds, at: Timestamp) -> usize {
        if !price.is_zero() {
            let month = self.codes[code].sales.entry(Month::of(at)).or_default();
            let (lines, first) = month.entry(price).or_insert((0, at));
            *lines += 1;
            *first = at.min(*first);
        }
        let next = self.variants.len();
        let variant = *self.by_price.entry((code, price)).or_insert(next);
        if variant == next {
            self.variants.push(Variant { code, price });
            self.codes[code].variants.push(variant);
        }
        variant
    }

    /// The variant of a code at a price; `None` if it was never sold at it.
    pub(crate) fn variant(&self, code: usize, price: Pounds) -> Option<usize> {
        self.by_price.get(&(code, price)).copied()
    }
}

impl StockCode {
    /// Whether it has stock, unlike services and vouchers.
    pub(crate) fn has_stock(&self) -> bool {
        !SERVICES.contains(&&*self.code) && !self.code.starts_with(VOUCHER)
    }

    /// Usual price of each month with its first date, without repetitions; the last one is the current price. Empty
    /// for a code that was never sold for money.
    pub(crate) fn usual_prices(&self) -> Vec<(Timestamp, Pounds)> {
        let mut prices: Vec<(Timestamp, Pounds)> = Vec::new();
        for month in self.sales.values() {
            // The most frequent; of two that are equally frequent the lower.
            let usual =
                month.iter().max_by_key(|(price, (lines, _))| (*lines, std::cmp::Reverse(**price)));
            let Some((price, (_, since))) = usual else { continue };
            if prices.last().is_none_or(|(_, last)| last != price) {
                prices.push((*since, *price));
            }
        }
        prices
    }

    /// Current price: the usual one of the last month in which it was sold.
    pub(crate) fn price(&self) -> Pounds {
        self.usual_prices().last().map_or(Pounds::ZERO, |(_, price)| *price)
    }
}

impl From<CodeDescriptions> for StockCode {
    fn from(code: CodeDescriptions) -> Self {
        // The most frequent description of paid lines; that of an unpaid line only where there is no other.
        let best = code.names.iter().max_by(|(name, count), (other, others)| {
            count.cmp(others).then_with(|| other.cmp(name))
        });
        let name = best.map_or_else(|| code.text.clone(), |(name, _)| name.clone());
        Self {
            name,
            code: code.text,
            variants: Vec::new(),
            is_corrected: false,
            sales: BTreeMap::new(),
        }
    }
}
