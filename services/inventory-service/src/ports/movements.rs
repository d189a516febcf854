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

/// Position of the last movement of a page; encoded in the cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MovementCursor(pub(crate) storage::IndexPosition);

/// Queries of the movement read model. Includes everything that was durable when the query arrived; on a full disk a
/// page may lack the latest movements.
#[async_trait]
pub(crate) trait MovementQueries: Send + Sync {
    /// Page of the movements of a SKU.
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementCursor>,
    ) -> Result<MovementPage, StorageError>;

    /// Movement recorded by an operation, if it took effect.
    async fn by_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError>;
}
