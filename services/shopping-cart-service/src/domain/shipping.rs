//! Delivery: a table of methods with the price in each currency and the sum from which it is free.

use kernel::{Currency, Money};
use std::collections::BTreeMap;

/// A way to have goods delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) code: String,
    pub(crate) label: String,
    /// Where it goes; empty for everywhere the shop sends to.
    pub(crate) countries: Vec<String>,
    /// What it costs; it is not offered in a currency without a price.
    pub(crate) rates: BTreeMap<Currency, Rate>,
    /// Working days until it arrives: earliest and latest.
    pub(crate) days: [u8; 2],
}

/// What a method costs in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) price: i64,
    /// The sum of lines from which it is free.
    pub(crate) free_from: Option<i64>,
}

/// A method with what it costs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) code: String,
    pub(crate) label: String,
    pub(crate) price: Money,
    pub(crate) free_from: Option<Money>,
    pub(crate) days: [u8; 2],
}

/// What can be offered for a country and a sum of lines, in the table's order: the first is what a shopper gets who
/// does not choose.
pub(crate) fn offers(table: &[Method], country: &str, items: Money) -> Vec<Offer> {
    let reaches = |method: &&Method| {
        method.countries.is_empty() || method.countries.iter().any(|code| code == country)
    };
    table
        .iter()
        .filter(reaches)
        .filter_map(|method| {
            let rate = method.rates.get(&items.currency)?;
            let free = rate.free_from.is_some_and(|from| items.amount >= from);
            let money = |amount| Money::new(amount, items.currency);
            Some(Offer {
                code: method.code.clone(),
                label: method.label.clone(),
                price: money(if free { 0 } else { rate.price }),
                free_from: rate.free_from.map(money),
                days: method.days,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<Method> {
        let method = |code: &str, countries: &[&str], price, free_from| Method {
            code: code.to_owned(),
            label: code.to_owned(),
            countries: countries.iter().map(|&code| code.to_owned()).collect(),
            rates: BTreeMap::from([(Currency::EUR, Rate { price, free_from })]),
            days: [1, 2],
        };
        vec![method("standard", &[], 495, Some(5_000)), method("courier", &["DE"], 1_290, None)]
    }

    #[test]
    fn delivery_is_free_from_the_threshold_on() {
        let price =
            |items| offers(&table(), "DE", Money::new(items, Currency::EUR))[0].price.amount;
        assert_eq!((price(4_999), price(5_000)), (495, 0));
    }

    #[test]
    fn a_method_is_offered_only_where_it_goes_and_in_currencies_it_has_a_price_in() {
        let codes = |country, currency| {
            let offers = offers(&table(), country, Money::new(1, currency));
            offers.into_iter().map(|offer| offer.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("DE", Currency::EUR), ["standard", "courier"]);
        assert_eq!(codes("FR", Currency::EUR), ["standard"]);
        assert!(codes("DE", Currency::JPY).is_empty());
    }
}
