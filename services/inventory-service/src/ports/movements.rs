//! Query port for stock movements: every unit that came or went, and why.

use async_trait::async_trait;
use contracts::inventory::Movement;
use identifiers::Sku;
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use storage::StorageError;

/// Page of movements, newest first.
#[derive(Debug)]
pub(crate) struct MovementPage {
    pub(crate) items: Vec<Movement>,
    pub(crate) next: Option<MovementCursor>,
}

/// Place of the next movement of a list; encoded in the cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum MovementCursor {
    /// In the chain of the SKU's movements: the position of the event, and how many of its movements were listed; beyond the
    /// beginning of the chain where the position is 0.
    Chain { position: u64, listed: usize },
    /// After this one of the documents that early versions wrote.
    Documents(storage::IndexPosition),
}

/// Queries of stock movements. They include everything that was decided when the query arrived.
#[async_trait]
pub(crate) trait MovementQueries: Send + Sync {
    /// Page of the movements of a SKU.
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementCursor>,
    ) -> Result<Option<MovementPage>, StorageError>;

    /// Movement recorded by an operation, if it took effect.
    async fn by_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError>;
}
