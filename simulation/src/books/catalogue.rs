//! Prices, as they were set.

use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All prices that were ever asked.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// Of each SKU, oldest first, in cents.
    pub(crate) prices: BTreeMap<String, Vec<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Facts {
    VariantsAdded {
        variants: Vec<Variant>,
    },
    PriceChanged {
        sku: String,
        price: Amount,
    },
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Variant {
    sku: String,
    price: Amount,
}

#[derive(Clone, Copy, Deserialize)]
struct Amount {
    amount: i64,
}

impl Catalogue {
    pub(super) fn take_in(&mut self, event: &RecordedEvent) {
        match serde_json::from_slice(&event.data) {
            Ok(Facts::VariantsAdded { variants }) => {
                for Variant { sku, price } in variants {
                    self.prices.entry(sku).or_default().push(price.amount);
                }
            }
            Ok(Facts::PriceChanged { sku, price }) => {
                self.prices.entry(sku).or_default().push(price.amount);
            }
            Ok(Facts::Other(_)) | Err(_) => {}
        }
    }
}
