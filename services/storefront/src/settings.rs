//! Settings of the storefront.

use crate::locale::{CurrencyDisplay, Language};
use kernel::Currency;
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, SectionSettings};

/// Settings section `storefront`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StorefrontSettings {
    /// Name of the shop.
    pub(crate) name: String,
    /// Tagline: one line about the shop.
    pub(crate) tagline: String,
    /// Hue of the brand in degrees, 0 to 359; every hue meets the contrast requirements.
    pub(crate) hue: u16,
    /// Default language, for browsers that accept none of the available ones.
    pub(crate) language: Language,
    /// Country of the shop (ISO 3166-1 alpha-2), for which delivery is shown by default.
    pub(crate) country: String,
    /// Currency of the price filter.
    pub(crate) currency: Currency,
    /// Display of the currency of amounts: symbol or code.
    pub(crate) currency_display: CurrencyDisplay,
    /// Whether the checkout offers the test cards.
    pub(crate) test_payments: bool,
    /// Return period in days; 0 shows nothing about returns.
    pub(crate) return_days: u16,
    /// Guarantee in years; 0 shows nothing about it.
    pub(crate) guarantee_years: u16,
}

impl SectionSettings for StorefrontSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hue", 0, 359),
        Allowed::range("return_days", 0, 3_650),
        Allowed::range("guarantee_years", 0, 100),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        let is_code = self.country.len() == 2
            && self.country.bytes().all(|letter| letter.is_ascii_uppercase());
        if is_code {
            return Ok(());
        }
        let expected = "expected the code of a country (ISO 3166-1) such as DE";
        Err(InvalidSetting::new("country", expected))
    }
}

impl Default for StorefrontSettings {
    fn default() -> Self {
        Self {
            name: "Tarnwood".to_owned(),
            tagline: "Everyday things, made to last.".to_owned(),
            hue: 165,
            language: Language::En,
            country: "DE".to_owned(),
            currency: Currency::EUR,
            currency_display: CurrencyDisplay::Symbol,
            test_payments: false,
            return_days: 60,
            guarantee_years: 5,
        }
    }
}
