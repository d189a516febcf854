//! Settings of the shopping cart service, and the pricing configuration they define.

use crate::{
    application::quote_calculator::PricingConfig,
    domain::{
        countries,
        merge_strategy::MergeStrategy,
        shipping::{DeliveryMethod, DeliveryRate, PickupPoint},
        tax::PriceMode,
    },
};
use kernel::{Currency, Decimal};
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, SectionSettings};
use std::collections::BTreeMap;

/// Settings of the shopping cart service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CartSettings {
    /// The shop's own currency.
    pub(crate) currency: String,
    /// The country that cart totals are estimated for until the shopper gives a destination.
    pub(crate) country: String,
    /// Whether prices include tax.
    pub(crate) prices_include_tax: bool,
    /// Hours until an unchanged cart expires.
    pub(crate) cart_keep_hours: u64,
    /// Days after which an expired cart is deleted. Carts that became orders stay with them.
    pub(crate) cart_delete_days: u64,
    /// Upper bound of the memory of cached carts, in bytes.
    pub(crate) carts_in_memory_bytes_max: usize,
    /// Tax rates that override the built-in table, as `DE=0.19`.
    pub(crate) tax_rates: Vec<String>,
    /// Delivery methods, the default first: `code|label|EUR:495/5000 GBP:450|days|countries`. The price is in minor
    /// units; after the slash comes the items total from which delivery is free. No countries means everywhere.
    pub(crate) shipping_methods: Vec<String>,
    /// What becomes of a guest's cart when its shopper signs in and has another: `sum` adds up both, `use_guest` and
    /// `use_existing` keep one of them, `use_guest_if_empty` the guest's if the other is empty.
    pub(crate) merge: MergeSetting,
    /// Place of the method `pickup`, as `name|line1|line2|postcode|city|region|country`. Without a place the method is not
    /// offered, and with one only in its country.
    pub(crate) pickup_place: String,
    /// Opening hours of that place, a line each.
    pub(crate) pickup_hours: Vec<String>,
}

/// What becomes of the cart of a guest who signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MergeSetting {
    #[default]
    Sum,
    UseGuest,
    UseExisting,
    UseGuestIfEmpty,
}

impl From<MergeSetting> for MergeStrategy {
    fn from(setting: MergeSetting) -> Self {
        match setting {
            MergeSetting::Sum => Self::Sum,
            MergeSetting::UseGuest => Self::UseGuest,
            MergeSetting::UseExisting => Self::UseExisting,
            MergeSetting::UseGuestIfEmpty => Self::UseGuestIfEmpty,
        }
    }
}

/// Code of the shipping method by which shoppers collect their order.
const PICKUP: &str = "pickup";

impl Default for CartSettings {
    fn default() -> Self {
        let methods = [
            "standard|Standard delivery|EUR:490/5000 GBP:450/4500 USD:590/6000 CHF:590/6000|2-4|",
            "express|Express delivery|EUR:1290 GBP:1190 USD:1490 CHF:1490|1-2|",
            "pickup|Collect in person|*:0|1-1|",
        ];
        Self {
            currency: "EUR".to_owned(),
            country: "DE".to_owned(),
            prices_include_tax: true,
            cart_keep_hours: 24 * 30,
            cart_delete_days: 30,
            carts_in_memory_bytes_max: 32 << 20,
            tax_rates: Vec::new(),
            shipping_methods: methods.map(str::to_owned).to_vec(),
            merge: MergeSetting::default(),
            pickup_place: String::new(),
            pickup_hours: Vec::new(),
        }
    }
}

impl SectionSettings for CartSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("cart_keep_hours", 1, 10 * 365 * 24),
        Allowed::range("cart_delete_days", 0, 3_650),
        Allowed::range("carts_in_memory_bytes_max", 1_024, 1 << 40),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        self.pricing().map(drop)
    }
}

impl CartSettings {
    /// Pricing configuration, or the setting that is invalid.
    pub(crate) fn pricing(&self) -> Result<PricingConfig, InvalidSetting> {
        let wrong = |path, expected: &str| InvalidSetting::new(path, expected);
        let currency = Currency::parse(&self.currency)
            .map_err(|_| wrong("currency", "expected a currency code (ISO 4217) such as EUR"))?;
        let home = countries::find(&self.country).ok_or_else(|| {
            wrong("country", "expected the code of a country (ISO 3166-1) such as DE")
        })?;
        let mut rates = BTreeMap::new();
        for text in &self.tax_rates {
            let rate = text
                .split_once('=')
                .and_then(|(code, rate)| Some((code, rate.parse::<Decimal>().ok()?)));
            let is_rate = |rate: &Decimal| !rate.is_negative() && *rate <= Decimal::ONE;
            let rate = rate.filter(|(code, rate)| countries::find(code).is_some() && is_rate(rate));
            let (code, rate) = rate.ok_or_else(|| {
                let expected = "a country and a rate from 0 to 1, such as DE=0.19";
                wrong("tax_rates", &format!("{text:?} is wrong; expected {expected}"))
            })?;
            rates.insert(code.to_owned(), rate);
        }
        let pickup = self.pickup().map_err(|expected| wrong("pickup_place", &expected))?;
        let methods = self
            .shipping_methods
            .iter()
            .map(|text| {
                parse_delivery_method(text).ok_or_else(|| {
                    let expected = "code|label|EUR:490/5000|2-4|countries";
                    wrong("shipping_methods", &format!("{text:?} is wrong; expected {expected}"))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let methods = methods.into_iter().filter_map(|method| with_pickup(method, pickup.as_ref()));
        let methods = methods.collect();
        let mode = if self.prices_include_tax { PriceMode::Gross } else { PriceMode::Net };
        Ok(PricingConfig { currency, home, mode, methods, tax_rates: rates })
    }

    /// Pick-up point, if one is set up.
    fn pickup(&self) -> Result<Option<PickupPoint>, String> {
        if self.pickup_place.is_empty() {
            return Ok(None);
        }
        let cells: Vec<&str> = self.pickup_place.split('|').map(str::trim).collect();
        let [name, line1, line2, postal_code, city, region, country] = cells[..] else {
            return Err(format!(
                "{:?} is not of the form name|line1|line2|postcode|city|region|country",
                self.pickup_place
            ));
        };
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let address = addresses::Address {
            name: name.to_owned(),
            line1: line1.to_owned(),
            line2: some(line2),
            city: some(city),
            region: some(region),
            postal_code: some(postal_code),
            country: country.to_owned(),
        };
        let address = address.checked().map_err(|errors| {
            let sentences = errors.iter().map(|it| format!("{} {}", it.part.field(), it.message()));
            sentences.collect::<Vec<_>>().join("; ")
        })?;
        Ok(Some(PickupPoint { address, hours: self.pickup_hours.clone() }))
    }
}

/// The method, with its place if goods are collected by it; none if there is no such place.
fn with_pickup(method: DeliveryMethod, pickup: Option<&PickupPoint>) -> Option<DeliveryMethod> {
    if method.code != PICKUP {
        return Some(method);
    }
    let pickup = pickup?;
    let countries = vec![pickup.address.country.clone()];
    Some(DeliveryMethod { countries, pickup: Some(pickup.clone()), ..method })
}

fn parse_delivery_method(text: &str) -> Option<DeliveryMethod> {
    let [code, label, prices, days, places] =
        text.split('|').collect::<Vec<_>>().try_into().ok()?;
    let mut rates = BTreeMap::new();
    for price in prices.split_whitespace() {
        let (currency, price) = price.split_once(':')?;
        let (price, free_from) = match price.split_once('/') {
            Some((price, from)) => (price, Some(from.parse().ok()?)),
            None => (price, None),
        };
        let rate =
            DeliveryRate { price: price.parse().ok().filter(|price| *price >= 0)?, free_from };
        match currency {
            // Only zero is the same price in every currency.
            "*" if rate.price == 0 => {
                rates.extend(Currency::all().map(|currency| (currency, rate)));
            }
            currency => drop(rates.insert(Currency::parse(currency).ok()?, rate)),
        }
    }
    let (earliest, latest) = days.split_once('-')?;
    let countries = places.split_whitespace().map(str::to_owned).collect();
    let days = [earliest.parse().ok()?, latest.parse().ok()?];
    let (code, label) = (code.to_owned(), label.to_owned());
    Some(DeliveryMethod { code, label, countries, rates, days, pickup: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_pricing_is_valid() {
        let pricing = CartSettings::default().pricing().unwrap();
        let codes: Vec<_> = pricing.methods.iter().map(|method| method.code.as_str()).collect();
        assert_eq!(codes, ["standard", "express"]);
        assert_eq!(
            pricing.methods[0].rates[&Currency::EUR],
            DeliveryRate { price: 490, free_from: Some(5_000) }
        );
    }

    #[test]
    fn collecting_in_person_needs_a_place_and_is_offered_in_its_country() {
        let at = |place: &str| CartSettings {
            pickup_place: place.to_owned(),
            pickup_hours: vec!["Mon–Fri 10:00–18:00".to_owned()],
            ..CartSettings::default()
        };
        let pricing = at("Workshop|Lindenweg 4||22763|Hamburg||DE").pricing().unwrap();
        let pickup = &pricing.methods[2];
        assert_eq!((pickup.code.as_str(), &*pickup.countries), ("pickup", &["DE".to_owned()][..]));
        assert_eq!(pickup.rates[&Currency::JPY].price, 0);
        let place = pickup.pickup.as_ref().unwrap();
        assert_eq!(place.address.city.as_deref(), Some("Hamburg"));
        assert_eq!(place.hours.len(), 1);
        for wrong in ["Workshop", "Workshop|Lindenweg 4||!!|Hamburg||DE", "|||||||", "W|L||1||| "] {
            let error = at(wrong).pricing().unwrap_err();
            assert!(format!("{error:?}").contains("pickup_place"), "{error:?}");
        }
    }

    #[test]
    fn an_invalid_setting_is_named() {
        let settings =
            CartSettings { shipping_methods: vec!["x|y".to_owned()], ..CartSettings::default() };
        let load = |flags: &[(&str, &str)]| {
            let flags = flags.iter();
            let flags = flags.map(|(key, value)| {
                settings::Flag::new("--x", format!("shopping-cart-service.{key}"), *value)
            });
            let sources =
                settings::Sources { flags: flags.collect(), ..settings::Sources::default() };
            let section = settings::Section::of::<CartSettings>("shopping-cart-service");
            settings::Settings::load([section], &sources).map(drop).map_err(|it| it.to_string())
        };
        assert!(settings.pricing().is_err());
        for (key, value) in [
            ("shipping_methods", "x|y"),
            ("tax_rates", "DE=-1"),
            ("tax_rates", "DE=99"),
            ("tax_rates", "DE=0.19,FR=1.0001"),
            ("tax_rates", "Mars=0.1"),
            ("tax_rates", "0.19"),
            ("currency", "euro"),
            ("country", "Mars"),
            ("cart_keep_hours", "0"),
            ("carts_in_memory_bytes_max", "0"),
        ] {
            let error = load(&[(key, value)]).unwrap_err();
            let begin = format!("`shopping-cart-service.{key}` cannot be ");
            assert!(error.starts_with(&begin) && error.contains("(flag --x)"), "{error}");
        }
        load(&[("tax_rates", "DE=0,FR=1,GB=0.2")]).unwrap();
    }
}
