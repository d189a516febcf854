//! Client of the inventory service for the availability of what is in carts.

use crate::ports::stock::Stock;
use async_trait::async_trait;
use contracts::{
    inventory::{HOLD_LINES_MAX, Inventory},
    shared::Sku,
};
use std::{collections::BTreeMap, sync::Arc};

/// Stock port over the contract of the inventory service. A cart is shown without it all the same: a checkout looks again.
#[derive(Debug)]
pub(crate) struct InventoryStock(pub(crate) Arc<dyn Inventory>);

#[async_trait]
impl Stock for InventoryStock {
    async fn available(&self, skus: Vec<Sku>) -> BTreeMap<Sku, i64> {
        let mut available = BTreeMap::new();
        for skus in skus.chunks(HOLD_LINES_MAX) {
            match self.0.stock(skus.to_vec()).await {
                Ok(found) => {
                    available.extend(found.items.into_iter().map(|it| (it.sku, it.available)));
                }
                Err(error) => tracing::warn!(%error, "a cart is shown without availability"),
            }
        }
        available
    }
}
