//! The pages of the shop, a file each.

pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod files;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod list;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod product;
pub(crate) mod suggest;
pub(crate) mod trouble;
