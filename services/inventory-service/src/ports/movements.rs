//! The movements as they can be looked up: every unit that came or went, and why.

use crate::domain::Sku;
use async_trait::async_trait;
use contracts::inventory::Movement;
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use storage::StorageError;

/// A page of movements, newest first.
#[derive(Debug)]
pub(crate) struct MovementsPage {
    pub(crate) items: Vec<Movement>,
    pub(crate) next: Option<MovementPlace>,
}

/// Where a page ended. Travels in a cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MovementPlace(pub(crate) storage::IndexPosition);

/// The ledger of movements. Shows whatever was durable when it was asked; with a full disk a page may lack what came
/// in last.
#[async_trait]
pub(crate) trait Movements: Send + Sync {
    /// The movements of a SKU, in pages.
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementPlace>,
    ) -> Result<MovementsPage, StorageError>;

    /// The movement an operation led to, if it took effect.
    async fn of_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError>;
}
