//! Adapters: contract provider, consumers of the other services' feeds, and HTTP routes.

pub(crate) mod contract;
pub(crate) mod digest_key;
pub(crate) mod feeds;
pub(crate) mod http;
pub(crate) mod maintenance;
