//! Views of the domain in the terms of the contract, for the public API and for the services that sell.

use crate::{
    application::quote_calculator::PricingConfig,
    domain::{
        countries::{self, Country as CountryRow},
        tax::PriceMode,
    },
};
use contracts::cart::{Countries, Country, ShopTerms};

/// Countries that goods are sent to, sorted by name.
pub(crate) fn countries() -> Countries {
    Countries { items: countries::all().into_iter().map(country).collect() }
}

fn country(country: &CountryRow) -> Country {
    let format = country.address_format;
    Country {
        code: country.code.to_owned(),
        name: country.name.to_owned(),
        required: format.required.iter().map(|part| part.field().to_owned()).collect(),
        postal_code_pattern: format.postal_code_pattern.clone(),
        postal_code_example: format.postal_code_example.map(str::to_owned),
        address_rows: format.rows.clone(),
        city_kind: format.city,
        region_kind: format.region,
        postal_code_kind: format.postal_code,
        regions: format.regions.clone(),
    }
}

/// Terms on which the shop sells.
pub(crate) fn shop_terms(pricing: &PricingConfig) -> ShopTerms {
    ShopTerms {
        currency: pricing.currency,
        country: pricing.home.code.to_owned(),
        prices_include_tax: pricing.mode == PriceMode::Gross,
    }
}
