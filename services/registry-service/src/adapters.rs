//! Adapters: the protocol over HTTP in its two formats, and the client of peers.

pub(crate) mod http;
pub(crate) mod metrics;
pub(crate) mod peer_client;
pub(crate) mod wire;
