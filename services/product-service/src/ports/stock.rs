//! Port to the inventory: counting stock, and asking for it.

use crate::domain::DeclaredStock;
use async_trait::async_trait;
use identifiers::Sku;

/// Stock to declare to the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockDeclaration {
    pub(crate) sku: Sku,
    pub(crate) stock: DeclaredStock,
}

/// Stock of a SKU in the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CurrentStock {
    pub(crate) sku: Sku,
    /// Units available to sell.
    pub(crate) available: i64,
    pub(crate) is_untracked: bool,
}

/// Stock counter of the inventory.
#[async_trait]
pub(crate) trait StockCounter: Send + Sync {
    /// Count of these SKUs; returns their stock afterwards. Idempotent.
    async fn count(&self, declared: Vec<StockDeclaration>)
    -> Result<Vec<CurrentStock>, StockError>;

    /// Stock of these SKUs, in their order; none of an unknown one.
    async fn current(&self, skus: Vec<Sku>) -> Result<Vec<CurrentStock>, StockError>;
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
