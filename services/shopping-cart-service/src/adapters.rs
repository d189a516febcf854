//! How carts meet the world: HTTP, the journal, the product service, settings.

pub(crate) mod catalogue;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod settings;
