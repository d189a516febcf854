//! The order service's edges: HTTP in, the journal and documents, other services' contracts out.

pub(crate) mod carts;
pub(crate) mod consumer;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod orders_list;
pub(crate) mod payments;
pub(crate) mod problems;
pub(crate) mod secret;
pub(crate) mod settings;
pub(crate) mod stock;
pub(crate) mod view;
