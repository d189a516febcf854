//! What the catalogue needs from outside, in its own words.

mod stock;

pub(crate) use stock::{Counted, Stock, StockError};
