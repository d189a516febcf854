//! Client of the inventory service for stock counts.

use crate::domain::DeclaredStock;
use crate::ports::{CurrentStock, StockCounter, StockDeclaration, StockError};
use async_trait::async_trait;
use contracts::inventory::{Inventory, SkuCount, StockCounts, StockList};
use identifiers::Sku;
use rpc::CallError;
use std::sync::Arc;

/// Stock counter over the contract of the inventory service.
#[derive(Clone, Debug)]
pub(crate) struct InventoryStockCounter(pub(crate) Arc<dyn Inventory>);

#[async_trait]
impl StockCounter for InventoryStockCounter {
    async fn count(
        &self,
        declared: Vec<StockDeclaration>,
    ) -> Result<Vec<CurrentStock>, StockError> {
        let counts = declared.into_iter().map(|it| match it.stock {
            DeclaredStock::Units(units) => {
                SkuCount { sku: it.sku, on_hand: Some(units), untracked: false }
            }
            DeclaredStock::Policy(_) => SkuCount { sku: it.sku, on_hand: None, untracked: true },
        });
        let counts = StockCounts { counts: counts.collect(), reason: "catalogue".to_owned() };
        self.0.count(counts).await.map(current_stock).map_err(stock_error)
    }

    async fn current(&self, skus: Vec<Sku>) -> Result<Vec<CurrentStock>, StockError> {
        self.0.stock(skus).await.map(current_stock).map_err(stock_error)
    }
}

fn current_stock(list: StockList) -> Vec<CurrentStock> {
    let current = list.items.into_iter().map(|it| CurrentStock {
        sku: it.sku,
        available: it.available,
        is_untracked: it.untracked,
    });
    current.collect()
}

fn stock_error(error: CallError) -> StockError {
    match error {
        CallError::Problem(problem) if problem.status < 500 && problem.status != 429 => {
            StockError::Refused(problem.title)
        }
        error => StockError::Unavailable(Box::new(error)),
    }
}
