//! Ports of the catalogue to other services and to the outside.

mod picture_source;
mod stock;

pub(crate) use picture_source::{FetchFailure, PictureSource};
pub(crate) use stock::{CurrentStock, StockCounter, StockDeclaration, StockError};
