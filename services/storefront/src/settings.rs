//! What a merchant can set about the shop's pages.

use crate::locale::{CurrencyDisplay, Language};
use kernel::Currency;
use serde::{Deserialize, Serialize};

/// Settings section `storefront`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StorefrontSettings {
    /// The shop's name.
    pub(crate) name: String,
    /// One line about the shop.
    pub(crate) tagline: String,
    /// The brand's hue in degrees, 0 to 359: every one passes the contrast test.
    pub(crate) hue: u16,
    /// The language of shoppers whose browser asks for none of ours.
    pub(crate) language: Language,
    /// The country the shop is in: delivery is shown for it until a shopper names another.
    pub(crate) country: String,
    /// The currency prices are filtered in.
    pub(crate) currency: Currency,
    /// How amounts name their currency.
    pub(crate) currency_display: CurrencyDisplay,
    /// Whether the checkout offers the cards of the test processor.
    pub(crate) test_payments: bool,
    /// Days a shopper may send goods back; 0 says nothing about it.
    pub(crate) return_days: u16,
    /// Years of guarantee; 0 says nothing about it.
    pub(crate) guarantee_years: u16,
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
