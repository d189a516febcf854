//! Delivery methods: price per currency and free-delivery threshold.

use kernel::{Currency, Money};
use std::collections::BTreeMap;

/// Delivery method as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryMethod {
    pub(crate) code: String,
    pub(crate) label: String,
    /// Countries it delivers to; empty for every country the shop delivers to.
    pub(crate) countries: Vec<String>,
    /// Price per currency; not offered in a currency without a price.
    pub(crate) rates: BTreeMap<Currency, DeliveryRate>,
    /// Working days until arrival: earliest and latest.
    pub(crate) days: [u8; 2],
    /// Where the goods are collected, if they are not delivered.
    pub(crate) pickup: Option<PickupPoint>,
}

/// Pick-up point: where and when goods are collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PickupPoint {
    pub(crate) address: addresses::Address,
    pub(crate) hours: Vec<String>,
}

/// Price of a method in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryRate {
    pub(crate) price: i64,
    /// Items total from which delivery is free, in minor units.
    pub(crate) free_from: Option<i64>,
}

/// Delivery offer: a method with its price for a given items total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryOffer<'a> {
    pub(crate) method: &'a DeliveryMethod,
    pub(crate) price: Money,
    pub(crate) free_from: Option<Money>,
}

/// Delivery offers for a country and an items total, in the order of the table; the first one is the default.
pub(crate) fn offers<'a>(
    table: &'a [DeliveryMethod],
    country: &str,
    items: Money,
) -> impl Iterator<Item = DeliveryOffer<'a>> {
    let reaches = move |method: &&DeliveryMethod| {
        method.countries.is_empty() || method.countries.iter().any(|code| code == country)
    };
    table.iter().filter(reaches).filter_map(move |method| {
        let rate = method.rates.get(&items.currency)?;
        let free = rate.free_from.is_some_and(|from| items.amount >= from);
        let money = |amount| Money::new(amount, items.currency);
        let price = money(if free { 0 } else { rate.price });
        Some(DeliveryOffer { method, price, free_from: rate.free_from.map(money) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<DeliveryMethod> {
        let method = |code: &str, countries: &[&str], price, free_from| DeliveryMethod {
            code: code.to_owned(),
            label: code.to_owned(),
            countries: countries.iter().map(|&code| code.to_owned()).collect(),
            rates: BTreeMap::from([(Currency::EUR, DeliveryRate { price, free_from })]),
            days: [1, 2],
            pickup: None,
        };
        vec![method("standard", &[], 495, Some(5_000)), method("courier", &["DE"], 1_290, None)]
    }

    #[test]
    fn delivery_is_free_from_the_threshold() {
        let price = |items| {
            let table = table();
            let mut offers = offers(&table, "DE", Money::new(items, Currency::EUR));
            offers.next().unwrap().price.amount
        };
        assert_eq!((price(4_999), price(5_000)), (495, 0));
    }

    #[test]
    fn a_method_is_offered_only_in_its_countries_and_currencies() {
        let codes = |country, currency| {
            let table = table();
            let offers = offers(&table, country, Money::new(1, currency));
            offers.map(|offer| offer.method.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(codes("DE", Currency::EUR), ["standard", "courier"]);
        assert_eq!(codes("FR", Currency::EUR), ["standard"]);
        assert!(codes("DE", Currency::JPY).is_empty());
    }
}
