//! Every way a change of the catalogue can end other than well.

use crate::{domain::Rejection, index::Taken, ports::StockError};
use storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("another product has it already")]
    Taken(Taken),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<Taken> for CatalogueError {
    fn from(taken: Taken) -> Self {
        Self::Taken(taken)
    }
}
