//! Ports: the product catalogue.

pub(crate) mod catalogue;
