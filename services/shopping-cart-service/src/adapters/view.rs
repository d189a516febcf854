//! Views of the domain in the terms of the contract, for the public API and for the services that sell.

use crate::{
    application::quote_calculator::PricingConfig,
    domain::{countries, tax::PriceMode},
};
use contracts::cart::{Countries, Country, ShopTerms};

/// Countries that goods are sent to, sorted by name.
pub(crate) fn countries() -> Countries {
    let items = countries::all().into_iter().map(|country| Country {
        code: country.code.to_owned(),
        name: country.name.to_owned(),
        required: country.required().map(str::to_owned).collect(),
        postal_code_pattern: country.postal_code_pattern.map(str::to_owned),
    });
    Countries { items: items.collect() }
}

/// Terms on which the shop sells.
pub(crate) fn shop_terms(pricing: &PricingConfig) -> ShopTerms {
    ShopTerms {
        currency: pricing.currency,
        country: pricing.home.code.to_owned(),
        prices_include_tax: pricing.mode == PriceMode::Gross,
    }
}
