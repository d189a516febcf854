//! Ports of the catalogue to other services.

mod stock;

pub(crate) use stock::{StockCount, StockCounter, StockError};
