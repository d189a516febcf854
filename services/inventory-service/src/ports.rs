//! Ports: the ledger repository and the movement queries.

mod ledger_repository;
mod movements;

pub(crate) use ledger_repository::{
    AppendReceipt, EventBatch, LedgerRepository, LoadedLedger, RepositoryError, SubmittedAppend,
};
pub(crate) use movements::{MovementCursor, MovementPage, MovementQueries};
