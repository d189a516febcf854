//! Errors of the catalogue's use cases.

use crate::{domain::Rejection, index::NameConflict, ports::StockError};
use storage::StorageError;

/// Reason why a change of the catalogue failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    /// Business rule or validation of a field.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Slug or SKU that another product has or is about to get.
    #[error("another product has it already")]
    NameConflict(NameConflict),
    /// Stock count that the inventory refused or did not answer.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// Failure of the journal or the document store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<NameConflict> for CatalogueError {
    fn from(conflict: NameConflict) -> Self {
        Self::NameConflict(conflict)
    }
}
