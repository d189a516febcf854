//! Counts stock at the inventory service.

use crate::ports::{Counted, Stock, StockError};
use async_trait::async_trait;
use contracts::inventory::{InventoryClient, SkuCount, StockCounts};
use transport::CallError;

/// Speaks the inventory's contract.
#[derive(Clone, Debug)]
pub(crate) struct InventoryStock(pub(crate) InventoryClient);

#[async_trait]
impl Stock for InventoryStock {
    async fn count(&self, on_hand: Vec<Counted>) -> Result<Vec<Counted>, StockError> {
        let counts = on_hand.into_iter().map(|it| SkuCount { sku: it.sku, on_hand: it.units });
        let counts = StockCounts { counts: counts.collect(), reason: "catalogue".to_owned() };
        match self.0.count(&counts).await {
            Ok(list) => {
                let available = list.items.into_iter();
                Ok(available.map(|it| Counted { sku: it.sku, units: it.available }).collect())
            }
            Err(CallError::Problem(problem)) if problem.status < 500 && problem.status != 429 => {
                Err(StockError::Refused(problem.title))
            }
            Err(error) => Err(StockError::Unavailable(Box::new(error))),
        }
    }
}
