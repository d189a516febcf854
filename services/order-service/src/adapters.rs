//! Adapters: HTTP, journal, documents, and clients of other services.

pub(crate) mod address_keys;
pub(crate) mod call_errors;
pub(crate) mod carts;
pub(crate) mod consumer;
pub(crate) mod contract;
pub(crate) mod customer_access;
pub(crate) mod customer_keys;
#[cfg(feature = "defects")]
pub(crate) mod defects;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod letters;
pub(crate) mod maintenance;
pub(crate) mod order_id_secret;
pub(crate) mod order_index;
pub(crate) mod payments;
pub(crate) mod plaintext;
pub(crate) mod replay;
pub(crate) mod settings;
pub(crate) mod stock;
pub(crate) mod view;
