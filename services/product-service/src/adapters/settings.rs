//! Settings of the product service.

use super::media_settings::MediaSettings;
use crate::domain::prior_price::{NewProductRule, PerishableRule, Policy};
use serde::{Deserialize, Serialize};
use settings::{Allowed, SectionSettings};

/// Settings section `product-service`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductSettings {
    /// Rules for announcing price reductions.
    pub(crate) prior_price: PriorPriceSettings,
    /// Number of days for which a product counts as new, from its first price or its first publication.
    pub(crate) new_days: u32,
    /// Pictures of products.
    pub(crate) media: MediaSettings,
}

impl Default for ProductSettings {
    fn default() -> Self {
        Self {
            prior_price: PriorPriceSettings::default(),
            new_days: 30,
            media: MediaSettings::default(),
        }
    }
}

impl SectionSettings for ProductSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("prior_price.days", 1, 365),
        Allowed::range("new_days", 0, 3_650),
        Allowed::range("media.fetches_max", 1, 32),
        Allowed::range("media.fetch_seconds_max", 1, 300),
        Allowed::range("media.pixels_max", 1_000_000, 200_000_000),
        Allowed::range("media.rendition_bytes_max", 1 << 20, 1 << 40),
    ];
}

/// Rules for announcing a price reduction in the shop's country (Directive 98/6/EC, Article 6a).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorPriceSettings {
    /// Number of days before a reduction whose lowest price is the prior price; 1 to 365.
    pub(crate) days: u32,
    /// Whether progressive reductions without interruption keep the prior price of the first step.
    pub(crate) progressive: bool,
    /// For goods that have been on the market for fewer days: `since_launch`, `exempt` or `refuse`.
    pub(crate) new_goods: NewGoodsSetting,
    /// For perishable goods, tagged `perishable`: `general`, `last_price` or `exempt`.
    pub(crate) perishable: PerishableSetting,
}

/// Rule for goods that are new on the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NewGoodsSetting {
    SinceLaunch,
    Exempt,
    Refuse,
}

/// Rule for perishable goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PerishableSetting {
    General,
    LastPrice,
    Exempt,
}

impl Default for PriorPriceSettings {
    fn default() -> Self {
        Self {
            days: 30,
            progressive: false,
            new_goods: NewGoodsSetting::SinceLaunch,
            perishable: PerishableSetting::General,
        }
    }
}

impl PriorPriceSettings {
    /// Policy of the domain.
    pub(crate) fn policy(&self) -> Policy {
        let new_goods = match self.new_goods {
            NewGoodsSetting::SinceLaunch => NewProductRule::SinceLaunch,
            NewGoodsSetting::Exempt => NewProductRule::Exempt,
            NewGoodsSetting::Refuse => NewProductRule::Refuse,
        };
        let perishable = match self.perishable {
            PerishableSetting::General => PerishableRule::General,
            PerishableSetting::LastPrice => PerishableRule::LastPrice,
            PerishableSetting::Exempt => PerishableRule::Exempt,
        };
        Policy { days: self.days, progressive: self.progressive, new_goods, perishable }
    }
}
