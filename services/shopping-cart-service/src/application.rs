//! Use cases: carts and quotes.

pub(crate) mod cart_service;
pub(crate) mod error;
pub(crate) mod quote_calculator;
