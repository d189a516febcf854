//! Page handlers, one module per page.

pub(crate) mod account;
pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod error;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod language;
pub(crate) mod listing;
pub(crate) mod merchant_pages;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod product;
pub(crate) mod search_suggestions;
pub(crate) mod sitemap;
pub(crate) mod static_files;
