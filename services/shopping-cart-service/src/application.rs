//! Use cases: carts and quotes.

pub(crate) mod cart_service;
pub(crate) mod cart_sweeper;
mod cart_view;
pub(crate) mod customer_carts;
pub(crate) mod error;
pub(crate) mod quote_calculator;
pub(crate) mod wish_lists;
