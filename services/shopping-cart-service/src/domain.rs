//! Carts and what they come to. Nothing here waits, reads a clock or knows how it is stored.

pub(crate) mod cart;
pub(crate) mod countries;
pub(crate) mod events;
pub(crate) mod pricing;
pub(crate) mod rejection;
pub(crate) mod shipping;
pub(crate) mod tax;
