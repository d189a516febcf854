//! Use cases: each decides on the ledger state and appends the resulting events.

mod change_stock;
mod hold_stock;
mod maintenance;
mod stock_ledger;
mod submission;

pub(crate) use change_stock::{OperatorMovement, OperatorMovementKind};
pub(crate) use hold_stock::HoldView;
pub(crate) use maintenance::maintain;
#[cfg(feature = "defects")]
pub(crate) use stock_ledger::WriteOptions;
pub(crate) use stock_ledger::{StockError, StockLedger};
