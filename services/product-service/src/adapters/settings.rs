//! What can be set of the catalogue.

use crate::domain::prior_price::{NewGoods, Perishable, Policy};
use serde::{Deserialize, Serialize};

/// The settings section `product-service`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductSettings {
    /// How price reductions may be announced.
    pub(crate) prior_price: PriorPriceSettings,
}

/// What the shop's country asks of who announces a price reduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorPriceSettings {
    /// How many days before a reduction the lowest price is looked for; at least 1, at most 365.
    pub(crate) days: u32,
    /// Whether the prior price of the first of several uninterrupted steps stays.
    pub(crate) progressive: bool,
    /// For goods on the market for fewer days: `since_launch`, `exempt`, `refuse`.
    pub(crate) new_goods: NewGoodsSetting,
    /// For goods that spoil, which are those tagged `perishable`: `general`, `last_price`, `exempt`.
    pub(crate) perishable: PerishableSetting,
}

/// The rule for goods that are new on the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NewGoodsSetting {
    SinceLaunch,
    Exempt,
    Refuse,
}

/// The rule for goods that spoil.
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
    /// As the domain understands it, or what is wrong.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        if !(1..=365).contains(&self.days) {
            return Err("prior_price.days is between 1 and 365".to_owned());
        }
        let new_goods = match self.new_goods {
            NewGoodsSetting::SinceLaunch => NewGoods::SinceLaunch,
            NewGoodsSetting::Exempt => NewGoods::Exempt,
            NewGoodsSetting::Refuse => NewGoods::Refuse,
        };
        let perishable = match self.perishable {
            PerishableSetting::General => Perishable::General,
            PerishableSetting::LastPrice => Perishable::LastPrice,
            PerishableSetting::Exempt => Perishable::Exempt,
        };
        Ok(Policy { days: self.days, progressive: self.progressive, new_goods, perishable })
    }
}
