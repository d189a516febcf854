//! Behaviours of the shop that hold in every topology.

pub(crate) mod buying;
pub(crate) mod catalogue;
pub(crate) mod crashes;
pub(crate) mod erasing;
pub(crate) mod fulfilling;
pub(crate) mod input;
pub(crate) mod mails;
pub(crate) mod operators;
pub(crate) mod pages;
pub(crate) mod payments;
pub(crate) mod refunds;
pub(crate) mod repeats;
pub(crate) mod stock;
