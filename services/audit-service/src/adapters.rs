//! Adapters: consumer of the other services' feeds, and HTTP routes.

pub(crate) mod feeds;
pub(crate) mod http;
