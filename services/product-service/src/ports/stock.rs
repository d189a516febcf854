//! Stock that can be counted.

use async_trait::async_trait;

/// Units of a SKU: on hand when told to the inventory, available when told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) sku: String,
    pub(crate) units: i64,
}

/// The books of what is in the building.
#[async_trait]
pub(crate) trait Stock: Send + Sync {
    /// Sets what is on hand of these SKUs, and says what is available of each then. Repeating it changes nothing.
    async fn count(&self, on_hand: Vec<Counted>) -> Result<Vec<Counted>, StockError>;
}

/// Why nothing was counted, or only a part. Counting again is right either way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StockError {
    /// The inventory does not take these counts.
    #[error("{0}")]
    Refused(String),
    /// The inventory did not answer.
    #[error("the inventory cannot answer at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
