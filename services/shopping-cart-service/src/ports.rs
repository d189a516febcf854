//! Ports: the product catalogue, the stock.

pub(crate) mod catalogue;
pub(crate) mod stock;
