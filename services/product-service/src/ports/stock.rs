//! Port to the inventory for counting stock.

use async_trait::async_trait;
use identifiers::Sku;

/// Units of a SKU: on hand in a request to the inventory, available in its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockCount {
    pub(crate) sku: Sku,
    pub(crate) units: i64,
}

/// Stock counter of the inventory.
#[async_trait]
pub(crate) trait StockCounter: Send + Sync {
    /// Count of the units on hand of these SKUs; returns the units then available of each. Idempotent.
    async fn count(&self, on_hand: Vec<StockCount>) -> Result<Vec<StockCount>, StockError>;
}

/// Reason why nothing was counted, or only a part. Repeating the count is safe in either case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StockError {
    /// Rejection by the inventory.
    #[error("{0}")]
    Refused(String),
    /// No response from the inventory.
    #[error("the inventory cannot answer at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
