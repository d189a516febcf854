//! Cart domain: the cart and wish list aggregates, pricing, shipping, tax. Pure and synchronous, without clock or storage.

pub(crate) mod cart;
pub(crate) mod countries;
pub(crate) mod events;
pub(crate) mod merge_strategy;
pub(crate) mod pricing;
pub(crate) mod rejection;
pub(crate) mod shipping;
pub(crate) mod tax;
pub(crate) mod wish_list;
