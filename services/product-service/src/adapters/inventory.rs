//! Client of the inventory service for stock counts.

use crate::ports::{StockCount, StockCounter, StockError};
use async_trait::async_trait;
use contracts::inventory::{Inventory, SkuCount, StockCounts};
use rpc::CallError;
use std::sync::Arc;

/// Stock counter over the contract of the inventory service.
#[derive(Clone, Debug)]
pub(crate) struct InventoryStockCounter(pub(crate) Arc<dyn Inventory>);

#[async_trait]
impl StockCounter for InventoryStockCounter {
    async fn count(&self, on_hand: Vec<StockCount>) -> Result<Vec<StockCount>, StockError> {
        let counts = on_hand.into_iter().map(|it| SkuCount { sku: it.sku, on_hand: it.units });
        let counts = StockCounts { counts: counts.collect(), reason: "catalogue".to_owned() };
        match self.0.count(counts).await {
            Ok(list) => {
                let available = list.items.into_iter();
                Ok(available.map(|it| StockCount { sku: it.sku, units: it.available }).collect())
            }
            Err(CallError::Problem(problem)) if problem.status < 500 && problem.status != 429 => {
                Err(StockError::Refused(problem.title))
            }
            Err(error) => Err(StockError::Unavailable(Box::new(error))),
        }
    }
}
