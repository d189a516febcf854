//! Catalogue of the reference model: all prices that were ever set.

use super::payload::Amount;
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All prices that were ever set.
#[derive(Debug, Default)]
pub(crate) struct CatalogueModel {
    /// Prices of each SKU in cents, oldest first.
    pub(crate) prices: BTreeMap<String, Vec<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CataloguePayload {
    VariantsAdded {
        variants: Vec<VariantPayload>,
    },
    PriceChanged {
        sku: String,
        price: Amount,
    },
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct VariantPayload {
    sku: String,
    price: Amount,
}

impl CatalogueModel {
    pub(super) fn apply(&mut self, event: &RecordedEvent) {
        match serde_json::from_slice(&event.data) {
            Ok(CataloguePayload::VariantsAdded { variants }) => {
                for VariantPayload { sku, price } in variants {
                    self.prices.entry(sku).or_default().push(price.amount);
                }
            }
            Ok(CataloguePayload::PriceChanged { sku, price }) => {
                self.prices.entry(sku).or_default().push(price.amount);
            }
            Ok(CataloguePayload::Other(_)) | Err(_) => {}
        }
    }
}
