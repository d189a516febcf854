//! What can be set.

use crate::{
    application::quotes::Terms,
    domain::{
        countries,
        shipping::{Method, Rate},
        tax::PriceMode,
    },
};
use kernel::{Currency, Decimal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The settings of the shopping cart service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CartSettings {
    /// The shop's own currency.
    pub(crate) currency: String,
    /// The country carts are estimated for while nobody has said where the goods go.
    pub(crate) country: String,
    /// Whether prices contain the tax.
    pub(crate) prices_include_tax: bool,
    /// How long an untouched cart is kept, in hours.
    pub(crate) cart_keep_hours: u64,
    /// The most carts kept in memory.
    pub(crate) carts_in_memory_max: usize,
    /// Tax rates that differ from the built-in table, as `DE=0.19`.
    pub(crate) tax_rates: Vec<String>,
    /// Ways to have goods delivered, the default first: `code|label|EUR:495/5000 GBP:450|days|countries`, the price
    /// in minor units, after the slash the sum from which it is free; no countries means everywhere.
    pub(crate) shipping_methods: Vec<String>,
}

impl Default for CartSettings {
    fn default() -> Self {
        let methods = [
            "standard|Standard delivery|EUR:490/5000 GBP:450/4500 USD:590/6000 CHF:590/6000|2-4|",
            "express|Express delivery|EUR:1290 GBP:1190 USD:1490 CHF:1490|1-2|",
            "pickup|Collect it yourself|*:0|1-1|",
        ];
        Self {
            currency: "EUR".to_owned(),
            country: "DE".to_owned(),
            prices_include_tax: true,
            cart_keep_hours: 24 * 30,
            carts_in_memory_max: 10_000,
            tax_rates: Vec::new(),
            shipping_methods: methods.map(str::to_owned).to_vec(),
        }
    }
}

impl CartSettings {
    /// The shop's terms, or a sentence that names the setting that is wrong.
    pub(crate) fn terms(&self) -> Result<Terms, String> {
        let wrong = |key: &str, what: String| format!("shopping-cart-service.{key}: {what}");
        let currency = Currency::parse(&self.currency)
            .map_err(|error| wrong("currency", error.to_string()))?;
        let home = countries::country(&self.country).ok_or_else(|| {
            wrong("country", format!("{:?} is no country code we know", self.country))
        })?;
        let mut rates = BTreeMap::new();
        for text in &self.tax_rates {
            let rate = text
                .split_once('=')
                .and_then(|(code, rate)| Some((code, rate.parse::<Decimal>().ok()?)));
            let (code, rate) = rate.filter(|(_, rate)| !rate.is_negative()).ok_or_else(|| {
                wrong("tax_rates", format!("{text:?} is not of the form DE=0.19"))
            })?;
            rates.insert(code.to_owned(), rate);
        }
        let methods = self
            .shipping_methods
            .iter()
            .map(|text| {
                method(text)
                    .ok_or_else(|| wrong("shipping_methods", format!("{text:?} cannot be read")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mode = if self.prices_include_tax { PriceMode::Gross } else { PriceMode::Net };
        Ok(Terms { currency, home, mode, methods, rates })
    }
}

fn method(text: &str) -> Option<Method> {
    let [code, label, prices, days, places] =
        text.split('|').collect::<Vec<_>>().try_into().ok()?;
    let mut rates = BTreeMap::new();
    for price in prices.split_whitespace() {
        let (currency, price) = price.split_once(':')?;
        let (price, free_from) = match price.split_once('/') {
            Some((price, from)) => (price, Some(from.parse().ok()?)),
            None => (price, None),
        };
        let rate = Rate { price: price.parse().ok().filter(|price| *price >= 0)?, free_from };
        match currency {
            // Only nothing costs the same in every currency.
            "*" if rate.price == 0 => {
                rates.extend(Currency::all().map(|currency| (currency, rate)));
            }
            currency => drop(rates.insert(Currency::parse(currency).ok()?, rate)),
        }
    }
    let (earliest, latest) = days.split_once('-')?;
    let countries = places.split_whitespace().map(str::to_owned).collect();
    let days = [earliest.parse().ok()?, latest.parse().ok()?];
    Some(Method { code: code.to_owned(), label: label.to_owned(), countries, rates, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_terms_can_be_read() {
        let terms = CartSettings::default().terms().unwrap();
        assert_eq!(terms.methods.len(), 3);
        assert_eq!(
            terms.methods[0].rates[&Currency::EUR],
            Rate { price: 490, free_from: Some(5_000) }
        );
        assert_eq!(terms.methods[2].rates[&Currency::JPY].price, 0);
    }

    #[test]
    fn a_wrong_term_is_named() {
        let settings =
            CartSettings { shipping_methods: vec!["x|y".to_owned()], ..CartSettings::default() };
        assert!(
            settings.terms().unwrap_err().starts_with("shopping-cart-service.shipping_methods: ")
        );
        let settings =
            CartSettings { tax_rates: vec!["DE=-1".to_owned()], ..CartSettings::default() };
        assert!(settings.terms().unwrap_err().contains("DE=0.19"));
    }
}
