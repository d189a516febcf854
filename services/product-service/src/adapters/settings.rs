//! Settings of the product service.

use super::media_settings::MediaSettings;
use crate::domain::prior_price::{NewProductRule, PerishableRule, Policy};
use serde::{Deserialize, Serialize};

/// Settings section `product-service`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductSettings {
    /// Rules for announcing price reductions.
    pub(crate) prior_price: PriorPriceSettings,
    /// Pictures of products.
    #[serde(default)]
    pub(crate) media: MediaSettings,
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
    /// Policy of the domain, or a message about an invalid value.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        if !(1..=365).contains(&self.days) {
            return Err("prior_price.days is between 1 and 365".to_owned());
        }
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
        Ok(Policy { days: self.days, progressive: self.progressive, new_goods, perishable })
    }
}
